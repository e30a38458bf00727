"""What the schedule does again and again. Each task may run twice or on two machines without harm."""

from typing import NamedTuple


class Task(NamedTuple):
    """A periodic task: `path` is a function without arguments that opens and commits its own transaction."""

    name: str
    seconds: int
    path: str


TASKS: tuple[Task, ...] = (
    Task("sweep_outbox", 10, "portal.notices.sweeper.sweep"),
    Task("ring_alarms", 30, "portal.cases.jobs.ring_alarms"),
    Task("fill_challenges", 20, "portal.challenge.jobs.fill"),
    Task("purge_visits", 300, "portal.reports.visits.purge"),
    Task("purge_drafts", 900, "portal.reports.kept_drafts.purge"),
    Task("purge_sessions", 300, "portal.people.sessions.purge"),
    Task("expire_shares", 3600, "portal.rewards.jobs.expire"),
    Task("destroy_what_is_due", 60, "portal.retention.jobs.work"),
    Task("empty_database_log", 3600, "portal.retention.jobs.leave_the_log"),
    Task("simulate_rules", 30, "portal.rewards.simulation.ring"),
    Task("ship_rule_sets", 3600, "portal.rewards.jobs.ship"),
    Task("close_cases", 3600, "portal.cases.jobs.close"),
    Task("clean_pending", 60, "portal.evidence.jobs.pending"),
    Task("clean_given_up", 3600, "portal.evidence.given_up.work"),
    Task("redact_pending", 60, "portal.evidence.redaction.pending"),
    Task("scrub_evidence", 1800, "portal.evidence.scrub.ring"),
    Task("sweep_evidence", 3600, "portal.evidence.sweeper.sweep"),
)
