"""The jobs that a worker may run. Whatever else Redis names is refused."""

# Short name, as it stands in Redis -> the function. The name in Redis is never imported.
ALLOWED: dict[str, str] = {
    "deliver": "portal.notices.jobs.deliver",
    "clean_evidence": "portal.evidence.jobs.clean",
    "fill_challenges": "portal.challenge.jobs.fill",
    "redact_evidence": "portal.evidence.redaction.make",
    "scrub_evidence": "portal.evidence.scrub.work",
    "simulate_rules": "portal.rewards.simulation.work",
}

# A worker process serves one queue: with several, RQ pops in a way that loses a job at a kill.
QUEUES = ("notices", "evidence")
QUEUE_OF: dict[str, str] = {
    "deliver": "notices",
    "clean_evidence": "evidence",
    "fill_challenges": "notices",
    "redact_evidence": "evidence",
    "scrub_evidence": "evidence",
    "simulate_rules": "evidence",
}

# Seconds a job may take; the worker counts as alive that long while it is busy.
TIME_LIMIT: dict[str, int] = {
    "deliver": 60,
    "clean_evidence": 180,
    "fill_challenges": 60,
    "redact_evidence": 60,
    "scrub_evidence": 180,
    "simulate_rules": 180,
}
