"""Filing a report: what is posted from the form, and the receipt."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime
from threading import Lock
from typing import cast

from flask import Response, current_app, make_response, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from redis.exceptions import RedisError
from werkzeug.datastructures import FileStorage

from portal import clock
from portal.cases import filing as cases
from portal.cases.additions import MOST_MEGABYTES
from portal.cases.arrivals import room_for
from portal.database import db, reading
from portal.errors import NotFound, Refusal, gettext_noop
from portal.evidence import staging, uploads
from portal.evidence.inspection import MAX_FILES, InspectionError
from portal.evidence.models import StagedFile
from portal.evidence.staging import Room
from portal.evidence.store import StoreError
from portal.evidence.vaulted import Originals
from portal.extensions import csrf, settings
from portal.people.actor import REPORTER
from portal.public import crowd, keeping, notices_versions
from portal.public.arriving import arriving, secret_of
from portal.public.blueprint import public
from portal.public.filing_form import Form
from portal.public.filing_pages import (
    blank_form_page,
    form_page,
    locale,
    receipt_page,
    review_page,
)
from portal.public.found import found_page, is_passed, passed
from portal.public.places import districts
from portal.public.questions import ASK_ANEW, is_spoken, judge, needs_picture, posted
from portal.reports import cutting, receipt
from portal.reports.cutting import Decision
from portal.reports.draft import Draft, DraftError, open_draft
from portal.reports.faults import Fault, FaultCode
from portal.reports.file_faults import fault_of, shown_name
from portal.reports.filing import Filing, read, tidy
from portal.reports.models import DangerNow
from portal.reports.receipt import ReceiptError
from portal.reports.situations import catalogue
from portal.subjects import boards
from portal.vault.keys import Keyring
from portal.visitor import session_key


class NotReadable(Refusal):
    """What a browser sent is no form, so nothing of it can be shown again."""

    message = gettext_noop("What your browser sent could not be read, so nothing was sent to us.")
    status = 400


PageOf = Callable[[Form, list[StagedFile]], Response]

PREFILLED = ("situation", "category", "sector")
SOLVED_SECONDS = 600
WRITERS = Lock()


@public.route("/report", methods=["GET", "POST"])
# The token is checked below, so that a missing one does not cost what was typed.
@csrf.exempt
def report() -> Response:
    """The form, and everything that is posted from it."""
    at = clock.now()
    if request.method == "GET":
        return _opening(at)
    try:
        csrf.protect()
    except CSRFError:
        return _without_token(at)
    form = _opened(at)
    action = request.form.get("action", "send")
    if action == "edit" or action in ASK_ANEW:
        return _keep(form, review_page if action in ASK_ANEW and form.from_review else form_page)
    _take_files(form)
    filing = _check(form)
    if action == "review":
        return _keep(form, form_page if form.is_faulty else review_page)
    return _send(form, filing)


def _opening(at: datetime) -> Response:
    """The form as it was saved while it was written, else an empty one or one with what the link says."""
    known = tidy({name: request.args.get(name, "") for name in PREFILLED}) | _site(
        request.args.get("site", "")
    )
    start = "photos" if request.args.get("start") == "photo" else ""
    kept = keeping.resumed(at)
    if kept is not None:
        answers = {**kept.draft.answers, **known}
        form = Form(kept.draft, at, answers, start=start, saved_at=kept.saved_at)
        return form_page(form, staging.staged(kept.draft.submission_id))
    draft = Draft.mint(at)
    return form_page(Form(draft, at, known, start=start), []) if known else blank_form_page(draft, start)


def _site(code: str) -> dict[str, str]:
    """Return what the code of a notice board fills in; it can be changed on the form."""
    place = boards.place_of(code)
    if place is None:
        return {}
    filled = {
        "subject_name": place.firm_name,
        "address": place.address,
        "district": str(place.district_id or ""),
        "sector": place.sector,
    }
    return {name: value for name, value in filled.items() if value}


@public.post("/report/note")
def report_note() -> Response:
    """The receipt code as a small text file with a name that says nothing; for browsers without script."""
    try:
        code = receipt.normalise(request.form.get("code", ""))
    except ReceiptError:
        raise NotFound from None
    text = "-".join(receipt.groups(code)) + "\r\n"
    response = make_response(text)
    response.mimetype = "text/plain"
    response.headers["Content-Disposition"] = 'attachment; filename="note.txt"'
    return response


def _without_token(at: datetime) -> Response:
    """Show the form again with a fresh token and what was typed; nothing is written.

    The draft is a new one: whoever made a browser post here may know the old one.
    """
    if request.content_length and not request.form and not request.files:
        raise NotReadable
    # The review and the question about numbers carry the answers in the draft alone.
    form = Form(Draft.mint(at), at, _opened(at).answers, status=400)
    form.notice = gettext(
        "Not sent yet: the page was open for too long, or cookies are switched off. Everything you wrote is"
        " still here; please choose your files again and send."
    )
    return form_page(form, [])


def _opened(at: datetime) -> Form:
    """Open the posted draft; the answers come from the page, on the review page from the draft."""
    removed = request.form.getlist("remove")
    posted = tidy(request.form)
    try:
        draft = open_draft(_ring(), request.form.get("draft", ""))
    except DraftError:
        form = Form(Draft.mint(at), at, posted, removed=removed)
        form.faults["draft"] = Fault(FaultCode.DRAFT_RENEWED)
        return form
    from_review = bool(draft.answers) and "narrative" not in request.form
    answers = draft.answers if from_review else posted
    succeeds = ""
    if draft.is_stale(at):
        succeeds = draft.submission_id
        draft = Draft.mint(at).with_staged(draft.staged)
    return Form(draft, at, answers, removed=removed, from_review=from_review, succeeds=succeeds)


def _take_files(form: Form) -> None:
    """Stream what came along into the store; no transaction is open meanwhile."""
    # An empty file field is sent as a file without a name.
    chosen = [upload for upload in request.files.getlist("files") if upload.filename]
    if not chosen:
        return
    with reading():
        room = room_for(form.succeeds or form.draft.submission_id, form.removed)
        db.session.rollback()
    for upload in chosen:
        fault = _receive(form, upload, room)
        if fault is not None:
            facts = {"name": shown_name(upload.filename), "limit": MAX_FILES, "most": MOST_MEGABYTES}
            form.file_faults.append(Fault(fault, facts))


def _receive(form: Form, upload: FileStorage, room: Room) -> FaultCode | None:
    size = upload.stream.seek(0, os.SEEK_END)
    if not room.fits(size):
        return FaultCode.FILES_TOO_MUCH if room.files > 0 else FaultCode.FILES_TOO_MANY
    if not crowd.takes_file():
        return FaultCode.FILES_CROWDED
    try:
        form.received.append(staging.receive(upload.stream, _originals()))
    except (InspectionError, StoreError) as error:
        return fault_of(error)
    room.take(size)
    return None


def _check(form: Form) -> Filing:
    """Read the answers; faults are left in the form."""
    filing, faults = read(
        form.answers,
        submission_id=form.draft.submission_id,
        receipt_code=form.draft.receipt_code,
        today=clock.city_date(form.at, settings().zone),
        districts=districts(),
        locale=locale(),
        files=tuple(form.received),
        consent_version=notices_versions.agreed_to(form.answers.get("notice_version", "")),
        known=catalogue(),
    )
    form.faults.update(faults)
    # Whoever had the code shown before writing may have pasted it into any of the fields.
    for name, text in form.answers.items():
        if receipt.mentions(text, form.draft.receipt_code):
            form.faults[name] = Fault(FaultCode.CODE_IN_TEXT)
    if not form.answers.get("consent"):
        form.faults["consent"] = Fault(FaultCode.CONSENT_EMPTY)
    if filing.danger_now is DangerNow.NOW and not form.answers.get("safe"):
        form.faults["safe"] = Fault(FaultCode.SAFE_EMPTY)
    return filing


def _send(form: Form, filing: Filing) -> Response:
    """File the report; the page of the receipt is the answer, so that its code is in no address."""
    if form.is_faulty:
        return _keep(form, form_page)
    fault = None if is_passed(form) else _challenge_fault(form)
    # The answer to the first sending may have been lost: the same form shows its receipt, picture or not.
    if fault is not None and cases.find_filed(filing.submission_id) is None:
        form.faults["challenge"] = Fault(fault)
        return _keep(form, review_page if form.from_review else form_page)
    found = cutting.look(form.answers)
    if found:
        decision = cutting.decision_of(request.form.get("found", ""))
        if decision is None:
            form.answers = passed(form.answers)
            return _keep(form, lambda form, files: found_page(form, files, found))
        if decision is Decision.CUT:
            cut = _cut(form, found)
            if cut is None:
                return _keep(form, form_page)
            filing = cut
    with _turn():
        _tend_staged(form)
        filed = cases.file_report(filing, actor=REPORTER, at=form.at, ring=_ring(), settings=settings())
        keeping.forget()
        secret = secret_of(form.draft.receipt_code, form.draft.submission_id)
        # Here: asking later is a transaction more.
        coming = arriving(form.draft.submission_id, secret, form.at)
        db.session.commit()  # which rings for the worker that cleans
    return receipt_page(form, filed, coming)


def _cut(form: Form, found: cutting.Found) -> Filing | None:
    """Read the answers once more without what was found in them; None when faults are left in the form."""
    form.answers, told = cutting.cut(form.answers, found, chinese=locale().startswith("zh"))
    filing = _check(form)
    return None if form.is_faulty else replace(filing, told=told)


def _turn() -> AbstractContextManager[object]:
    """Wait for the reports that came before in this process.

    SQLite has one writer at a time: threads that all ask it again and again take the processor from the one
    that writes, and of many one is always unlucky. Nothing may be written before it, or two wait for each
    other.
    """
    return WRITERS if db.engine.dialect.name == "sqlite" else nullcontext()


def _challenge_fault(form: Form) -> FaultCode | None:
    """Judge the answer to the question; from a crowded network a second one is asked for."""
    challenge_id, answer = posted()
    spoken = is_spoken()
    if needs_picture() and not answer:
        return FaultCode.DIGITS_EMPTY if spoken else FaultCode.CHALLENGE_EMPTY
    if not _solved(challenge_id, answer, form.draft):
        return FaultCode.DIGITS_WRONG if spoken else FaultCode.CHALLENGE_WRONG
    form.draft = form.draft.once_more_solved()
    form.retry_after = crowd.wait_seconds(session_key())
    if form.retry_after and needs_picture() and form.draft.solved < crowd.SOLVED_WHEN_CROWDED:
        form.status = 429
        return FaultCode.DIGITS_MORE if spoken else FaultCode.CHALLENGE_MORE
    return None


def _solved(challenge_id: str, answer: str, draft: Draft) -> bool:
    """Judge an answer once for each form: the same form sent twice at once may have used it up itself."""
    if not needs_picture():
        return True
    key, redis = f"solved:{challenge_id}", current_app.extensions["portal_redis"]
    # With the count, so that a picture is not answered twice where a second one is asked for.
    mark = f"{draft.submission_id}:{draft.solved}"
    right = judge(challenge_id, answer)
    try:
        if right:
            redis.set(key, mark, ex=SOLVED_SECONDS)
            return True
        return bool(challenge_id and redis.get(key) == mark.encode())
    except RedisError:
        return right


def _keep(form: Form, page: PageOf) -> Response:
    """Keep files that came along, and show a page; what was typed is on it."""
    _tend_staged(form)
    files = staging.stage(form.draft.submission_id, form.received, form.at)
    form.draft = form.draft.with_staged(len(files))
    db.session.commit()
    if form.is_faulty and form.status == 200:
        form.status = 422
    return page(form, files)


def _tend_staged(form: Form) -> None:
    """Take over the files of a form that grew too old, and take out what was ticked."""
    if form.succeeds:
        staging.move(form.succeeds, form.draft.submission_id, form.at)
        uploads.move(form.succeeds, form.draft.submission_id)
    if form.removed:
        staging.remove(form.draft.submission_id, form.removed)


def _ring() -> Keyring:
    return cast(Keyring, current_app.extensions["portal_keyring"])


def _originals() -> Originals:
    return cast(Originals, current_app.extensions["portal_originals"])
