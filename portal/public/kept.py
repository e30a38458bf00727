"""What is kept about a report, to be read, saved and printed by whoever made it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import make_response, render_template
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from portal import clock
from portal.cases.models import Case
from portal.cases.terms import Terms as CaseTerms
from portal.database import db
from portal.evidence.models import Evidence
from portal.extensions import settings
from portal.public import choices
from portal.public.blueprint import public
from portal.public.filing_pages import locale
from portal.public.places import districts
from portal.public.standing import standing_of
from portal.public.visit import Opened, ask_again, opened
from portal.reports import conversation, questions, sectors, timeline
from portal.reports.models import DangerNow, Message, Report
from portal.reports.situations import catalogue
from portal.retention import kept
from portal.retention.kept import Line
from portal.retention.kinds import ERASABLE, Kind
from portal.retention.run import terms
from portal.retention.words import TITLES, WHO, period_of

# A file's name tells nothing to whoever finds it.
FILE_NAME = "notes.txt"
DANGERS = {option.value: option.label for option in choices.DANGERS}


@dataclass(frozen=True, slots=True)
class Copy:
    """Everything about a report that its reporter can read."""

    report: Report
    told: list[tuple[str, str]]
    messages: list[Message]
    answer: str
    files: list[Evidence]
    past: list[timeline.Item]
    sealed: list[Line]
    at: datetime


@public.get("/track/kept")
def track_kept() -> Response:
    """Say of each kind of data whether it is kept, until when, and who opened it."""
    current = opened(clock.now())
    if current is None:
        return ask_again()
    lines = kept.lines_of(current.report, terms())
    page = render_template(
        "public/kept.html",
        lines=lines,
        titles=TITLES,
        who=WHO,
        period_of=lambda kind: period_of(kind, settings().retention),
        backup_days=settings().retention.backup_days,
        erasable=any(line.since and line.kind in ERASABLE for line in lines),
        nav="public.track",
    )
    return make_response(page)


@public.get("/track/copy")
def track_copy() -> Response:
    """Show everything readable on one page, to print."""
    current = opened(clock.now())
    if current is None:
        return ask_again()
    return make_response(
        render_template("public/copy.html", copy=_copy(current), titles=TITLES, nav="public.track")
    )


@public.get("/track/copy/file")
def track_copy_file() -> Response:
    """Give the same as a text file with a name that says nothing."""
    current = opened(clock.now())
    if current is None:
        return ask_again()
    text = render_template("public/copy.txt", copy=_copy(current), titles=TITLES)
    # The mark at the beginning tells older editors on Windows that it is UTF-8.
    response = make_response(f"\ufeff{text}".encode())
    response.mimetype = "text/plain"
    response.headers["Content-Disposition"] = f'attachment; filename="{FILE_NAME}"'
    return response


def _copy(current: Opened) -> Copy:
    report, at = current.report, clock.now()
    case = db.session.get_one(Case, report.case_id)
    messages = conversation.messages_of([report.id])[report.id]
    standing = standing_of(report, case, messages, CaseTerms.of(settings()), at)
    files = select(Evidence).where(Evidence.report_id == report.id).order_by(Evidence.position, Evidence.id)
    return Copy(
        report,
        _told(report),
        messages,
        case.answer if standing.is_answered else "",
        list(db.session.scalars(files)),
        timeline.past(report),
        [
            line
            for line in kept.lines_of(report, terms())
            if line.since and line.kind not in {Kind.TEXT, Kind.ORIGINALS}
        ],
        at,
    )


def _told(report: Report) -> list[tuple[str, str]]:
    """Return the short answers of the form, each with what it answers."""
    language = locale()
    situation = catalogue().situation(report.situation)
    place = districts().get(report.district_id) if report.district_id else None
    pairs = [
        (gettext("Trade"), sectors.sector(report.sector).name(language)),
        (gettext("What it is about"), situation.name(language) if situation else ""),
        (gettext("Firm or site"), report.subject_name),
        (gettext("District"), place.name(language) if place else ""),
        (gettext("Address"), report.address),
        (gettext("Position of the danger"), report.position),
        (gettext("Danger"), _danger(report.danger_now)),
        (gettext("When"), report.happened),
        *questions.lines(report.extra, language),
    ]
    return [(str(label), str(value)) for label, value in pairs if value]


def _danger(value: DangerNow) -> str:
    return str(DANGERS.get(value.value, ""))
