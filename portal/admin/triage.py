"""The steps of the desk on a case, each a page of its own that works without script."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext, lazy_gettext
from flask_login import current_user

from portal import clock
from portal.admin.blueprint import desk
from portal.admin.forms import (
    AcceptForm,
    AskForm,
    MergeForm,
    ReasonForm,
    RefuseForm,
    StepForm,
    TransferForm,
    whole,
)
from portal.admin.grounds import GROUNDS, written
from portal.admin.steps import Words, begin, city_wide, may, take
from portal.cases import asking, merging, queries, triage
from portal.cases.allowed import Deed
from portal.cases.dossier import Told, reports_of
from portal.cases.models import Case
from portal.cases.terms import Terms
from portal.cases.triage import Correction
from portal.errors import NotFound, Refusal, gettext_noop
from portal.extensions import settings
from portal.people.labels import unit_name
from portal.people.permissions import Permission
from portal.reports.sectors import SECTORS

STEP = "admin/step.html"


class NoSuchCase(Refusal):
    """The case to merge into is absent, or out of reach; the two are not told apart."""

    message = gettext_noop("There is no case with this number in your area. Please check the number.")
    status = 422


ACCEPT = Words(
    lazy_gettext("Accept this case"),
    lazy_gettext("Correct what is wrong; the reporter's own words stay as they are. The reporter is told."),
    lazy_gettext("Accept"),
    lazy_gettext("Accepted. The reporter is told."),
)
REFUSE = Words(
    lazy_gettext("Do not accept this case"),
    lazy_gettext("The reporter reads the reason and where to go instead. Both are needed."),
    lazy_gettext("Do not accept"),
    lazy_gettext("Not accepted. The reporter is told why and where to go."),
)
TRANSFER = Words(
    lazy_gettext("Pass this case on"),
    lazy_gettext("The reporter reads to whom it is passed on. The reason stays in the log."),
    lazy_gettext("Pass on"),
    lazy_gettext("Passed on. The reporter is told."),
)
ASK = Words(
    lazy_gettext("Ask the reporter"),
    lazy_gettext("The reporter reads this on the receipt page. Write nothing that others must not read."),
    lazy_gettext("Send"),
    lazy_gettext("Sent. The case waits for the reporter."),
)
MERGE = Words(
    lazy_gettext("Merge into another case"),
    lazy_gettext("The reports move, in their order of receipt. No reporter learns of another report."),
    lazy_gettext("Merge"),
    lazy_gettext("Merged. The reports are in the other case now."),
)
UNMERGE = Words(
    lazy_gettext("Move a report back"),
    lazy_gettext("The report goes back to the case it came with, and that case opens again."),
    lazy_gettext("Move back"),
    lazy_gettext("Moved back. The earlier case is open again."),
)
EXTEND = Words(
    lazy_gettext("Extend the term"),
    lazy_gettext("Once only, by 30 days. The reporter reads the reason."),
    lazy_gettext("Extend"),
    lazy_gettext("Extended. The reporter is told why."),
)
CLOSE = Words(
    lazy_gettext("Close this case"),
    lazy_gettext("The time in which the reporter could object has passed."),
    lazy_gettext("Close"),
    lazy_gettext("Closed."),
)


@desk.route("/cases/<number>/accept", methods=["GET", "POST"])
def case_accept(number: str) -> ResponseReturnValue:
    """Accept, with corrections of what was filed."""
    case = begin(number, Deed.ACCEPT)
    form = AcceptForm(
        title=case.title,
        sector=case.sector,
        district=str(case.district_id or ""),
        subject_name=case.subject_name,
        address=case.address,
    )
    form.sector.choices = [(one.code, one.name(str(get_locale()))) for one in SECTORS]
    form.district.choices = [city_wide(), *((str(one.id), unit_name(one)) for one in queries.districts())]

    def act() -> None:
        correction = Correction(
            title=form.title.data,
            sector=form.sector.data,
            subject_name=form.subject_name.data,
            address=form.address.data,
            district_id=whole(form.district.data),
        )
        triage.accept(
            case,
            current_user.actor,
            clock.now(),
            version=form.of_version,
            terms=Terms.of(settings()),
            correction=correction,
        )

    return take(case, form, ACCEPT, act, possible=may(Deed.ACCEPT))


@desk.route("/cases/<number>/refuse", methods=["GET", "POST"])
def case_refuse(number: str) -> ResponseReturnValue:
    """Refuse, with a reason and where to go instead."""
    case = begin(number, Deed.REFUSE)
    told = reports_of(case)
    form = RefuseForm()
    own = ("own", gettext("Another reason, in my own words"))
    form.ground.choices = [*((code, str(ground.reason)) for code, ground in GROUNDS.items()), own]

    def act() -> None:
        reason, where = written(form.ground.data or "", _locale_of(told))
        triage.refuse(
            case,
            current_user.actor,
            clock.now(),
            version=form.of_version,
            reason=form.reason.data or reason,
            where=form.where.data or where,
        )

    return take(
        case,
        form,
        REFUSE,
        act,
        possible=may(Deed.REFUSE),
        template="admin/refuse.html",
        told=told,
        grounds=GROUNDS,
    )


@desk.route("/cases/<number>/transfer", methods=["GET", "POST"])
def case_transfer(number: str) -> ResponseReturnValue:
    """Pass on to another authority."""
    case = begin(number, Deed.TRANSFER)
    form = TransferForm()

    def act() -> None:
        triage.transfer(
            case,
            current_user.actor,
            clock.now(),
            version=form.of_version,
            authority=form.authority.data,
            reason=form.reason.data,
        )

    return take(case, form, TRANSFER, act, possible=may(Deed.TRANSFER))


@desk.route("/cases/<number>/ask", methods=["GET", "POST"])
def case_ask(number: str) -> ResponseReturnValue:
    """Ask the reporter of one report."""
    case = begin(number, Deed.ASK)
    told = [one for one in reports_of(case) if one.report.withdrawn_at is None]
    form = AskForm(report=request.args.get("report", ""))
    form.report.choices = [(one.report.number, one.report.number) for one in told]

    def act() -> None:
        chosen = next((one.report for one in told if one.report.number == form.report.data), None)
        if chosen is None:
            raise NotFound
        asking.ask_reporter(
            case, chosen.id, current_user.actor, form.text.data, clock.now(), version=form.of_version
        )

    return take(case, form, ASK, act, possible=may(Deed.ASK), told=told)


@desk.route("/cases/<number>/merge", methods=["GET", "POST"])
def case_merge(number: str) -> ResponseReturnValue:
    """Merge into another case that the officer sees."""
    case = begin(number, Deed.MERGE)
    form = MergeForm(into=request.args.get("into", ""))

    def act() -> None:
        target = _target(form.into.data)
        merging.merge(
            case,
            target,
            current_user.actor,
            clock.now(),
            version=form.of_version,
            reason=form.reason.data,
            terms=Terms.of(settings()),
        )

    return take(case, form, MERGE, act, possible=may(Deed.MERGE))


@desk.route("/cases/<number>/unmerge/<report>", methods=["GET", "POST"])
def case_unmerge(number: str, report: str) -> ResponseReturnValue:
    """Move one report back to the case it came with."""
    case = begin(number, Deed.UNMERGE)
    told = [one for one in reports_of(case) if one.report.number == report and one.origin_number]
    if not told:
        raise NotFound
    form = ReasonForm()

    def act() -> None:
        merging.unmerge(
            told[0].report.id,
            case,
            current_user.actor,
            clock.now(),
            version=form.of_version,
            reason=form.reason.data,
            terms=Terms.of(settings()),
        )

    return take(case, form, UNMERGE, act, possible=may(Deed.UNMERGE), told=told)


@desk.route("/cases/<number>/extend", methods=["GET", "POST"])
def case_extend(number: str) -> ResponseReturnValue:
    """Give more time to verify."""
    case = begin(number, Deed.EXTEND)
    form = ReasonForm()

    def act() -> None:
        triage.extend(
            case,
            current_user.actor,
            clock.now(),
            version=form.of_version,
            reason=form.reason.data,
            terms=Terms.of(settings()),
        )

    return take(case, form, EXTEND, act, possible=may(Deed.EXTEND))


@desk.route("/cases/<number>/close", methods=["GET", "POST"])
def case_close(number: str) -> ResponseReturnValue:
    """Close an answered case."""
    case = begin(number, Deed.CLOSE)
    form = StepForm()

    def act() -> None:
        triage.close(case, current_user.actor, clock.now(), version=form.of_version)

    return take(case, form, CLOSE, act, possible=may(Deed.CLOSE))


def _target(number: str) -> Case:
    try:
        return queries.find_case(number.upper(), current_user.actor, Permission.CASE_TRIAGE)
    except NotFound:
        raise NoSuchCase from None


def _locale_of(told: list[Told]) -> str:
    """Return the language of the first report: what is written for the reporter is written in it."""
    return told[0].report.locale if told else "zh_Hans"
