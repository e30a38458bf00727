"""Ringing for the workers after a commit: the rows are the record, the bell is a courtesy."""

from __future__ import annotations

from flask import Flask, current_app, has_app_context
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction, UOWTransaction

from portal.evidence.models import Evidence
from portal.notices.models import Delivery
from portal.rewards.rule_models import Simulation
from portal.run.queue import enqueue

WAITING = "portal_doorbell"
JOB_OF: dict[type[object], str] = {
    Delivery: "deliver",
    Evidence: "clean_evidence",
    Simulation: "simulate_rules",
}


def install(app: Flask) -> None:
    """Let this application ring for new rows once they are committed."""
    app.extensions["portal_ring"] = enqueue


def _remember(session: Session, _context: UOWTransaction) -> None:
    new = [(job, item) for item in session.new if (job := JOB_OF.get(type(item)))]
    if new:
        session.info.setdefault(WAITING, []).extend(new)


def _ring(session: Session) -> None:
    waiting = session.info.pop(WAITING, [])
    if waiting and has_app_context() and "portal_ring" in current_app.extensions:
        for job, item in waiting:
            enqueue(job, item.id)


def _forget(session: Session, _transaction: SessionTransaction) -> None:
    # What was rolled back must not ring at the next commit.
    session.info.pop(WAITING, None)


event.listen(Session, "after_flush", _remember)
event.listen(Session, "after_commit", _ring)
event.listen(Session, "after_soft_rollback", _forget)
