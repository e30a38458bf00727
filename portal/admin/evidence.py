"""The page of one file: its clean copy large, whether it is as it came, who looked, where else it is."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy import select

from portal import clock
from portal.admin import evidence_words as words
from portal.admin.blueprint import desk
from portal.admin.evidence_files import PLAYED, the_store, within_reach
from portal.cases import alike
from portal.cases.models import Case
from portal.database import db
from portal.evidence import given_up, looks, redaction, scrub
from portal.evidence.models import CleanState, Evidence, EvidencePage
from portal.evidence.store import StoreError
from portal.people.actor import Actor
from portal.people.permissions import Permission
from portal.reports.models import Report
from portal.run.queue import enqueue


@desk.get("/evidence/<uuid>")
def evidence(uuid: str) -> str:
    """Show one file with those before and after it; that somebody looked is written down."""
    item, case = within_reach(uuid)
    actor: Actor = current_user.actor
    looks.note(item, case.id, actor.role_for(Permission.CASE_READ), actor, clock.now())
    others = of_case(case)
    place = [other.id for other in others].index(item.id)
    return render_template(
        "admin/evidence.html",
        case=case,
        item=item,
        place=place + 1,
        total=len(others),
        before=others[place - 1] if place else None,
        after=others[place + 1] if place + 1 < len(others) else None,
        words=words,
        shown=_shown_as(item),
        pages=_pages(item),
        looks=looks.at_file(item),
        redacted={page: row for (_, page), row in redaction.latest_of_pages([item.id]).items()},
        can_begin_again=given_up.can_begin_again(item),
        can_be_redacted=redaction.can_be_redacted(item),
        same=alike.same_as(item, actor) if item.clean_state is CleanState.CLEAN else [],
    )


@desk.post("/evidence/<uuid>/again")
def evidence_again(uuid: str) -> ResponseReturnValue:
    """Have the workers try once more to clean a file that they gave up."""
    item, case = within_reach(uuid)
    given_up.begin_again(item, case.id, actor=current_user.actor, at=clock.now())
    db.session.commit()
    enqueue("clean_evidence", item.id)
    flash(gettext("The file is being cleaned once more. It appears here in a minute or two."))
    return redirect(url_for("desk.evidence", uuid=uuid))


@desk.post("/evidence/<uuid>/check")
def evidence_check(uuid: str) -> ResponseReturnValue:
    """Read the file again and compare it with the checksum of the day on which it came."""
    item, _case = within_reach(uuid)
    try:
        fault = scrub.verify(item, the_store(), clock.now())
    except StoreError:
        db.session.rollback()
        flash(
            gettext("The store of evidence does not answer. Nothing is known about the file: try later."),
            "warn",
        )
    else:
        db.session.commit()
        if not fault:  # the page itself says a fault
            flash(gettext("Compared: the file is as it was when it came."))
    return redirect(url_for("desk.evidence", uuid=uuid))


def of_case(case: Case) -> list[Evidence]:
    """Return all files of a case in the order of its page."""
    return list(
        db.session.scalars(
            select(Evidence)
            .join(Report, Report.id == Evidence.report_id)
            .where(Report.case_id == case.id)
            .order_by(Report.received_at, Report.id, Evidence.position, Evidence.id)
        )
    )


def _shown_as(item: Evidence) -> str:
    """Return how the clean copy is shown: picture, film, recording, or not at all."""
    if item.clean_state is not CleanState.CLEAN:
        return ""
    kind = words.kind(item)
    return kind if kind == "image" or item.clean_type in PLAYED else "document"


def _pages(item: Evidence) -> list[int]:
    query = (
        select(EvidencePage.number).where(EvidencePage.evidence_id == item.id).order_by(EvidencePage.number)
    )
    return list(db.session.scalars(query))
