"""More files for a report that was sent already."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from flask import current_app, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from portal import clock
from portal.cases.additions import MOST_MEGABYTES, add_files, digests_of
from portal.cases.arrivals import room_for
from portal.database import db
from portal.evidence import staging
from portal.evidence.inspection import (
    ACCEPT,
    BROWSER_LIMITS,
    MAX_FILE_BYTES,
    MAX_FILES,
    TAKES_FILMS,
    InspectionError,
)
from portal.evidence.staging import Received
from portal.evidence.store import StoreError
from portal.evidence.vaulted import Originals
from portal.extensions import csrf
from portal.public.arriving import arriving, remembered
from portal.public.blueprint import public
from portal.public.visit import Opened, ask_again, has_token, opened
from portal.reports.faults import SENTENCES, FaultCode
from portal.reports.file_faults import fault_of, shown_name


@public.route("/track/files", methods=["GET", "POST"])
@csrf.exempt  # checked below: a sentence, not an error page
def track_files() -> Response:
    """Choose further files; posting adds them."""
    at = clock.now()
    current = opened(at)
    if current is None:
        return ask_again()
    if current.report.withdrawn_at is not None:
        return redirect(url_for("public.track_report"), 303)
    if request.method == "GET":
        return _page(current, [])
    if not has_token():
        return _page(
            current,
            [str(gettext("Not sent yet. Please choose your files again and press the button once more."))],
            status=400,
        )
    return _take(current, at)


def _take(current: Opened, at: datetime) -> Response:
    """Store what came along and add what is good; a bad file does not cost the others."""
    received, faults = _receive_all(current.report.submission_id, digests_of(current.report.id))
    if not received and not faults:
        faults = [str(gettext("Please choose at least one file."))]
    add_files(current.report, received, at)
    db.session.commit()
    if received:
        count = len(received)
        flash(ngettext("%(num)s file was added.", "%(num)s files were added.", count), "message")
    if faults:
        return _page(current, faults, status=422)
    return redirect(url_for("public.track_report"), 303)


def _receive_all(submission_id: str, known: set[str]) -> tuple[list[Received], list[str]]:
    """Return the good files, each content once and as many as fit, and what is wrong with the others."""
    room = room_for(submission_id)
    received: list[Received] = []
    faults: list[str] = []
    for upload in request.files.getlist("files"):
        if not upload.filename:
            continue  # an empty file field is sent as a file without a name
        found = _receive(upload)
        if isinstance(found, Received) and found.digest not in known and not room.take(found.size):
            found = FaultCode.FILES_TOO_MUCH if room.files > 0 else FaultCode.FILES_TOO_MANY
        if isinstance(found, FaultCode):
            faults.append(_sentence(found, shown_name(upload.filename)))
        else:
            received.append(found)
            known = known | {found.digest}
    return received, faults


def _sentence(fault: FaultCode, name: str) -> str:
    """Say what is wrong with a file; two sentences differ from those of the form that is not sent yet."""
    if fault is FaultCode.FILES_TOO_MANY:
        return str(
            gettext(
                "Not uploaded: %(name)s. A report holds %(limit)s files at most.", name=name, limit=MAX_FILES
            )
        )
    if fault is FaultCode.NO_SPACE:
        return str(
            gettext("Not uploaded: %(name)s could not be kept just now. Please try again later.", name=name)
        )
    return str(SENTENCES[fault]) % {"name": name, "most": MOST_MEGABYTES}


def _receive(upload: FileStorage) -> Received | FaultCode:
    try:
        return staging.receive(upload.stream, cast(Originals, current_app.extensions["portal_originals"]))
    except (InspectionError, StoreError) as error:
        return fault_of(error)


def _page(current: Opened, faults: list[str], status: int = 200) -> Response:
    submission_id = current.report.submission_id
    page = render_template(
        "public/more_files.html",
        room=MAX_FILES - len(digests_of(current.report.id)),
        arriving=arriving(submission_id, remembered(submission_id), clock.now()),
        max_files=MAX_FILES,
        max_bytes=MAX_FILE_BYTES,
        accept=ACCEPT,
        kind_limits=BROWSER_LIMITS,
        takes_films=TAKES_FILMS,
        faults=faults,
        nav="public.track",
    )
    return make_response(page, status)
