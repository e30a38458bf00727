"""The pages of filing: form, review, receipt."""

from __future__ import annotations

from flask import Response, current_app, make_response, render_template
from flask_babel import get_locale

from portal.cases.due import due_at
from portal.cases.filing import Filed
from portal.cases.steps import DueStep
from portal.evidence.inspection import MAX_FILE_BYTES, MAX_FILES
from portal.evidence.models import StagedFile
from portal.extensions import settings
from portal.presentation import theme
from portal.public import choices
from portal.public.blank_form import page_for
from portal.public.filing_form import Form
from portal.public.places import districts
from portal.public.questions import ask, is_spoken, needs_picture
from portal.reports import receipt, sectors
from portal.reports.draft import Draft, seal_draft
from portal.reports.filing import sector_of


def blank_form_page(draft: Draft) -> Response:
    """The form as everybody gets it who opens it."""
    sealed = _sealed(draft)
    form = Form(draft, draft.opened_at)
    key = (locale(), theme(), needs_picture(), tuple(districts().values()))
    return make_response(page_for(key, sealed, lambda: _draw_form(form, [], sealed)))


def form_page(form: Form, files: list[StagedFile]) -> Response:
    """The form on one long page, with whatever was answered and staged before."""
    # Here the fields hold the answers; in the draft they would come back after being emptied.
    return _answer(_draw_form(form, files, _sealed(form.draft.with_answers({}))), form)


def _draw_form(form: Form, files: list[StagedFile], sealed: str) -> str:
    language = locale()
    return render_template(
        "public/report.html",
        draft=sealed,
        answers=form.answers,
        faults={name: fault.sentence() for name, fault in form.faults.items()},
        file_faults=[fault.sentence() for fault in form.file_faults],
        notice=form.notice,
        files=files,
        districts=[(place.id, place.name(language)) for place in districts().values()],
        sectors=choices.sector_names(language),
        situations=choices.situation_groups(language),
        choices=choices,
        max_files=MAX_FILES,
        max_bytes=MAX_FILE_BYTES,
        needs_picture=needs_picture(),
        spoken=is_spoken(),
    )


def review_page(form: Form, files: list[StagedFile]) -> Response:
    """Everything once more before it is sent; the answers travel in the draft, sealed."""
    place = districts().get(int(form.answers["district"])) if form.answers.get("district") else None
    situation = sectors.situation(form.answers.get("situation", ""))
    page = render_template(
        "public/review.html",
        draft=_sealed(form.draft.with_answers(form.answers)),
        answers=form.answers,
        faults={name: fault.sentence() for name, fault in form.faults.items()},
        files=files,
        sector=sectors.sector(sector_of(form.answers)).name(locale()),
        situation=situation.name(locale()) if situation else "",
        district=place.name(locale()) if place else "",
        choices=choices,
        question=ask(spoken=is_spoken()) if needs_picture() else None,
    )
    return _answer(page, form)


def receipt_page(form: Form, filed: Filed) -> Response:
    """The receipt: the code first, then what happens by when."""
    chosen = settings()
    page = render_template(
        "public/receipt.html",
        code=receipt.groups(form.draft.receipt_code),
        filed=filed,
        accept_by=due_at(DueStep.ACCEPT, filed.received_at, chosen.deadlines, chosen.zone),
        deadlines=chosen.deadlines,
        alerts=form.answers.get("alert_channel", ""),
    )
    return make_response(page)


def locale() -> str:
    """Return the language of the page as the catalogue names it."""
    return str(get_locale() or "zh_Hans")


def _sealed(draft: Draft) -> str:
    return seal_draft(current_app.extensions["portal_keyring"], draft)


def _answer(page: str, form: Form) -> Response:
    response = make_response(page, form.status)
    if form.retry_after:
        response.headers["Retry-After"] = str(form.retry_after)
    return response
