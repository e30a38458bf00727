"""Typing in a report that came by telephone, letter or visit; the receipt is a sheet for the person."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple, cast

from flask import current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, get_locale, lazy_gettext
from flask_babel.speaklater import LazyString
from flask_login import current_user
from werkzeug.datastructures import FileStorage

from portal import clock
from portal.admin.blueprint import desk
from portal.admin.words import CHANNELS, DANGER
from portal.cases import filing as cases
from portal.cases import queries
from portal.cases.additions import MOST_MEGABYTES
from portal.cases.arrivals import room_for
from portal.cases.due import due_at
from portal.cases.filing import Filed
from portal.cases.queries import districts
from portal.cases.steps import DueStep
from portal.database import db
from portal.evidence import staging
from portal.evidence.inspection import ACCEPT, MAX_FILES, TAKES_FILMS, InspectionError
from portal.evidence.models import StagedFile
from portal.evidence.staging import Received, Room
from portal.evidence.store import StoreError
from portal.evidence.vaulted import Originals
from portal.extensions import settings
from portal.people.actor import Actor
from portal.reports import cutting, receipt
from portal.reports.draft import Draft, DraftError, open_draft, seal_draft
from portal.reports.faults import Fault, FaultCode
from portal.reports.file_faults import fault_of, shown_name
from portal.reports.filing import Faults, Filing, read, tidy
from portal.reports.found_words import named
from portal.reports.models import Channel
from portal.reports.sectors import SECTORS, sector
from portal.reports.situations import catalogue
from portal.vault.keys import Keyring


class Option(NamedTuple):
    """A value with its words and, in small, what belongs to it."""

    value: str
    label: LazyString
    note: LazyString | str = ""


BY_HAND = tuple(
    Option(channel.value, words) for channel, words in CHANNELS.items() if channel is not Channel.PORTAL
)
DANGERS = tuple(Option(danger.value, words) for danger, words in DANGER.items())
IDENTITIES = (
    Option("anonymous", lazy_gettext("Stays anonymous"), lazy_gettext("Nothing of the person is kept.")),
    Option(
        "real",
        lazy_gettext("Gives a real name"),
        lazy_gettext("Sealed when you send: you cannot read it afterwards."),
    ),
)


@dataclass(slots=True)
class Typed:
    """What is on the form, and what is wrong with it."""

    draft: Draft
    answers: dict[str, str] = field(default_factory=dict)
    channel: str = ""
    faults: Faults = field(default_factory=dict)
    file_faults: list[Fault] = field(default_factory=list)
    refused: LazyString | str = ""
    found: cutting.Found = field(default_factory=dict)
    files: list[StagedFile] = field(default_factory=list)


@desk.route("/reports/new", methods=["GET", "POST"])
def report_new() -> ResponseReturnValue:
    """Show the form; file what was told, once, and show the sheet with the receipt code."""
    at = clock.now()
    actor: Actor = current_user.actor
    if request.method == "GET":
        return _page(Typed(Draft.mint(at), {"district": str(actor.district_id or "")}))
    typed = _opened(at)
    staging.remove(typed.draft.submission_id, request.form.getlist("remove"))
    received = _files(typed)
    filing = _read(typed, received, at)
    if filing is None:
        return _kept(typed, received, at), 422
    found = cutting.look(typed.answers)
    if found:
        settled = _settled(typed, filing, found, received, at)
        if settled is None:
            return _kept(typed, received, at), 422 if typed.faults else 200
        filing = settled
    filed = cases.file_report(filing, actor=actor, at=at, ring=_ring(), settings=settings())
    db.session.commit()
    return _sheet(filing, filed)


def _opened(at: datetime) -> Typed:
    """Open what was posted; the draft makes the same form sent twice one report."""
    answers, channel = tidy(request.form), request.form.get("channel", "")
    try:
        draft = open_draft(_ring(), request.form.get("draft", ""))
    except DraftError:
        typed = Typed(Draft.mint(at), answers, channel)
        typed.faults["draft"] = Fault(FaultCode.DRAFT_RENEWED)
        return typed
    return Typed(draft, answers, channel)


def _read(typed: Typed, received: list[Received], at: datetime) -> Filing | None:
    """Read the answers into a filing; None when something must be mended first."""
    by_hand = {option.value for option in BY_HAND}
    if typed.channel not in by_hand:
        typed.refused = lazy_gettext("Please choose how the report came.")
    filing, faults = read(
        typed.answers,
        submission_id=typed.draft.submission_id,
        receipt_code=typed.draft.receipt_code,
        today=clock.city_date(at, settings().zone),
        districts={one.id for one in districts()},
        channel=Channel(typed.channel) if typed.channel in by_hand else Channel.TELEPHONE,
        locale="en" if request.form.get("language") == "en" else "zh_Hans",
        files=tuple(received),
        known=catalogue(),
    )
    typed.faults.update(faults)
    faulty = typed.faults or typed.file_faults or typed.refused
    return None if faulty else filing


def _settled(
    typed: Typed, filing: Filing, found: cutting.Found, received: list[Received], at: datetime
) -> Filing | None:
    """Return the filing as the officer decided about what was found; None when a page must ask first."""
    decision = cutting.decision_of(request.form.get("found", ""))
    if decision is None:
        typed.found = found
        return None
    if decision is cutting.Decision.LEAVE:
        return filing
    chinese = str(get_locale()).startswith("zh")
    typed.answers, told = cutting.cut(typed.answers, found, chinese=chinese)
    marked = _read(typed, received, at)
    return replace(marked, told=told) if marked else None


def _files(typed: Typed) -> list[Received]:
    """Take in what came along, with no transaction open; a file that is refused is named."""
    chosen = [upload for upload in request.files.getlist("files") if upload.filename]
    if not chosen:
        return []
    room = room_for(typed.draft.submission_id)
    db.session.commit()  # what was taken out is
    received: list[Received] = []
    for upload in chosen:
        found = _received(upload, room)
        if isinstance(found, Received):
            received.append(found)
        else:
            facts = {"name": shown_name(upload.filename), "limit": MAX_FILES, "most": MOST_MEGABYTES}
            typed.file_faults.append(Fault(found, facts))
    return received


def _received(upload: FileStorage, room: Room) -> Received | FaultCode:
    size = upload.stream.seek(0, os.SEEK_END)
    if not room.fits(size):
        return FaultCode.FILES_TOO_MUCH if room.files > 0 else FaultCode.FILES_TOO_MANY
    try:
        taken = staging.receive(upload.stream, cast(Originals, current_app.extensions["portal_originals"]))
    except (InspectionError, StoreError) as error:
        return fault_of(error)
    room.take(size)
    return taken


def _kept(typed: Typed, received: list[Received], at: datetime) -> str:
    """Show the form again; the files that were good are kept with it."""
    typed.files = staging.stage(typed.draft.submission_id, received, at)
    db.session.commit()
    return _page(typed)


def _page(typed: Typed) -> str:
    language = str(get_locale())
    sentences = {name: fault.sentence() for name, fault in typed.faults.items()}
    if typed.refused:
        sentences = {"channel": str(typed.refused), **sentences}
    return render_template(
        "admin/intake.html",
        draft=seal_draft(_ring(), typed.draft),
        answers=typed.answers,
        channel=typed.channel,
        language=request.form.get("language", "zh_Hans"),
        faults=sentences,
        file_faults=[fault.sentence() for fault in typed.file_faults],
        channels=BY_HAND,
        dangers=DANGERS,
        identities=IDENTITIES,
        districts=districts(),
        sectors=[(one.code, one.name(language)) for one in SECTORS],
        situations=[
            (code, sector(code).name(language), items)
            for code, items in catalogue().by_sector(typed.answers.get("situation", ""))
        ],
        questions=[
            (code, sector(code).name(language), items) for code, items in catalogue().questions_by_sector()
        ],
        found=named(cutting.spots(typed.answers, typed.found)),
        files=typed.files,
        most_files=MAX_FILES,
        accept=ACCEPT,
        takes_films=TAKES_FILMS,
    )


def _sheet(filing: Filing, filed: Filed) -> str:
    """Show the receipt in the person's language; a case of another district is not linked."""
    limits = settings()
    with force_locale(filing.locale):
        return render_template(
            "admin/intake_sheet.html",
            code=receipt.groups(filing.receipt_code),
            filed=filed,
            address=limits.origin,
            within_reach=queries.is_within_reach(filed.case_id, current_user.actor),
            accept_by=due_at(DueStep.ACCEPT, filed.received_at, limits.deadlines, limits.zone),
        )


def _ring() -> Keyring:
    return cast(Keyring, current_app.extensions["portal_keyring"])
