"""The pages of filing: form, review, receipt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import Response, current_app, make_response, render_template
from flask_babel import get_locale

from portal.cases.due import due_at
from portal.cases.filing import Filed
from portal.cases.steps import DueStep
from portal.evidence.inspection import (
    ACCEPT,
    BROWSER_LIMITS,
    MAX_FILE_BYTES,
    MAX_FILES,
    TAKES_FILMS,
)
from portal.evidence.models import StagedFile
from portal.extensions import settings
from portal.presentation import text_size, theme
from portal.public import choices
from portal.public.arriving import Arriving, arriving, nothing_yet, secret_of
from portal.public.district_centres import centre_of
from portal.public.drawn_once import page_for
from portal.public.filing_form import Form
from portal.public.notices_versions import CURRENT
from portal.public.places import districts
from portal.public.questions import ask, is_spoken, needs_picture
from portal.reports import questions, receipt, sectors
from portal.reports.draft import Draft, seal_draft
from portal.reports.filing import sector_of
from portal.reports.situations import catalogue


def blank_form_page(draft: Draft, start: str = "") -> Response:
    """The form as everybody gets it who opens it; ``start`` is the section that comes first."""
    sealed = _sealed(draft)
    form = Form(draft, draft.opened_at, start=start)
    key = (
        start,
        locale(),
        theme(),
        text_size(),
        needs_picture(),
        tuple(districts().values()),
        catalogue().mark,
    )
    secret = secret_of(draft.receipt_code, draft.submission_id)
    coming = nothing_yet(draft.submission_id, secret, draft.opened_at)
    page = page_for(
        key, (sealed, coming.token), lambda own: _draw_form(form, [], own[0], Arriving(own[1], []))
    )
    return located(make_response(page))


def form_page(form: Form, files: list[StagedFile]) -> Response:
    """The form on one long page, with whatever was answered and staged before."""
    # Here the fields hold the answers; in the draft they would come back after being emptied.
    secret = secret_of(form.draft.receipt_code, form.draft.submission_id)
    coming = arriving(form.draft.submission_id, secret, form.at)
    return _answer(_draw_form(form, files, _sealed(form.draft.with_answers({})), coming), form)


def _draw_form(form: Form, files: list[StagedFile], sealed: str, coming: Arriving) -> str:
    language = locale()
    return render_template(
        "public/report.html",
        draft=sealed,
        answers=form.answers,
        faults={name: fault.sentence() for name, fault in form.faults.items()},
        file_faults=[fault.sentence() for fault in form.file_faults],
        notice=form.notice,
        files=files,
        arriving=coming,
        start=form.start,
        saved_at=form.saved_at,
        version=CURRENT.version,
        districts=[(place.id, place.name(language), centre_of(place.zh)) for place in districts().values()],
        sectors=choices.sector_names(language),
        situations=choices.situation_groups(language, form.answers.get("situation", "")),
        questions=choices.question_groups(language),
        alerts=choices.alerts(form.answers.get("alert_channel", "")),
        choices=choices,
        max_files=MAX_FILES,
        max_bytes=MAX_FILE_BYTES,
        accept=ACCEPT,
        kind_limits=BROWSER_LIMITS,
        takes_films=TAKES_FILMS,
        needs_picture=needs_picture(),
        spoken=is_spoken(),
    )


def review_page(form: Form, files: list[StagedFile]) -> Response:
    """Everything once more before it is sent; the answers travel in the draft, sealed."""
    place = districts().get(int(form.answers["district"])) if form.answers.get("district") else None
    situation = catalogue().situation(form.answers.get("situation", ""))
    page = render_template(
        "public/review.html",
        draft=_sealed(form.draft.with_answers(form.answers)),
        answers=form.answers,
        faults={name: fault.sentence() for name, fault in form.faults.items()},
        files=files,
        sector=sectors.sector(sector_of(form.answers, catalogue())).name(locale()),
        situation=situation.name(locale()) if situation else "",
        district=place.name(locale()) if place else "",
        extra=questions.lines(questions.read(form.answers, catalogue())[0], locale()),
        choices=choices,
        version=CURRENT.version,
        question=ask(spoken=is_spoken()) if needs_picture() else None,
    )
    return _answer(page, form)


def receipt_page(form: Form, filed: Filed, coming: Arriving) -> Response:
    """The receipt: the code first, then what happens by when."""
    # To the minute, as it is shown: all receipts of a minute are one page but for code, number and tokens.
    at = filed.received_at.replace(second=0, microsecond=0)
    alerts = bool(form.answers.get("alert_channel"))
    own = (filed.number, coming.token, *receipt.groups(form.draft.receipt_code))

    def draw(own: Sequence[str]) -> str:
        number, token, *code = own
        return _draw_receipt(filed, at, alerts, number, code, Arriving(token, coming.files))

    if coming.files:
        return make_response(draw(own))
    shape = alerts, filed.outcome, filed.duty_called, filed.has_name
    key = ("receipt", at, *shape, locale(), theme(), text_size())
    return make_response(page_for(key, own, draw))


def _draw_receipt(
    filed: Filed, at: datetime, alerts: bool, number: str, code: list[str], coming: Arriving
) -> str:
    chosen = settings()
    return render_template(
        "public/receipt.html",
        code=code,
        number=number,
        received_at=at,
        outcome=filed.outcome,
        duty_called=filed.duty_called,
        has_name=filed.has_name,
        accept_by=due_at(DueStep.ACCEPT, filed.received_at, chosen.deadlines, chosen.zone),
        deadlines=chosen.deadlines,
        alerts=alerts,
        arriving=coming,
    )


def locale() -> str:
    """Return the language of the page as the catalogue names it."""
    return str(get_locale() or "zh_Hans")


def _sealed(draft: Draft) -> str:
    return seal_draft(current_app.extensions["portal_keyring"], draft)


def located(response: Response) -> Response:
    """Let this page, and no other, ask the device for its position when the person presses the button."""
    response.headers["Permissions-Policy"] = (
        "camera=(), microphone=(), geolocation=(self), payment=(), usb=()"
    )
    return response


def _answer(page: str, form: Form) -> Response:
    response = located(make_response(page, form.status))
    if form.retry_after:
        response.headers["Retry-After"] = str(form.retry_after)
    return response
