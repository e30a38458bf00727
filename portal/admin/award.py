"""The verifier's part in an award: the amount inside the band, and proposing again what came back."""

from __future__ import annotations

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy.orm.exc import StaleDataError

from portal import clock
from portal.admin.blueprint import desk
from portal.admin.forms import ReasonForm, whole
from portal.cases import dossier, queries
from portal.cases.models import Case
from portal.database import db
from portal.errors import NotFound, NotInThisState, Refusal, Stale, gettext_noop
from portal.money import MoneyError, format_yuan_brief, parse_yuan
from portal.people.permissions import Permission
from portal.rewards import awards, rulebook, staged
from portal.rewards.facts import findings_of
from portal.rewards.live import live_award
from portal.rewards.models import Stage
from portal.rewards.panel import Choosable, choosable, may_act
from portal.rewards.result import Result, result_of
from portal.rewards.rules.vocabulary import Kind
from portal.rewards.trying import trial
from portal.rewards.wording.explain import Audience
from portal.rewards.wording.lines import lines_for
from portal.rewards.words import KINDS, STAGES


class AmountNotRead(Refusal):
    """What was typed is no amount."""

    message = gettext_noop("Please type an amount in yuan, such as 1,500 or 1500.00.")
    status = 422


@dataclass(frozen=True, slots=True)
class Typed:
    """One finding whose amount is chosen, and what stands in its field."""

    finding: Choosable
    amount: str

    @property
    def name(self) -> str:
        """Return the name of the field."""
        return f"amount_{self.finding.finding_id}"


@desk.post("/cases/<number>/award/review")
def award_review(number: str) -> ResponseReturnValue:
    """Sign the award of a case as its supervisor."""
    actor = current_user.actor
    case = queries.find_case(number, actor, Permission.AWARD_REVIEW)
    version = whole(request.form.get("award_version")) or 0
    try:
        awards.review(case, version, actor, clock.now())
    except Refusal as refusal:
        db.session.rollback()
        flash(refusal.sentence(), "warn")
    else:
        db.session.commit()
        flash(gettext("Signed. Whoever comes next is told."), "message")
    return redirect(url_for("desk.case", number=number))


@desk.route("/cases/<number>/award", methods=["GET", "POST"])
def case_award(number: str) -> ResponseReturnValue:
    """Choose the amounts and write why; or answer finance and propose again."""
    actor = current_user.actor
    case = queries.find_case(number, actor, Permission.AWARD_CHOOSE)
    form = ReasonForm()
    if not form.is_submitted():
        if not may_act(case, actor):
            flash(NotInThisState().sentence(), "warn")
            return redirect(url_for("desk.case", number=number))
        form.seen.data = _fingerprint(case)
        return _page(case, form)
    if not form.validate():
        return _page(case, form), 422
    try:
        _take(case, form)
        db.session.commit()
    except (Refusal, StaleDataError) as refused:
        db.session.rollback()
        refusal = Stale() if isinstance(refused, StaleDataError) else refused
        case = queries.find_case(number, actor, Permission.AWARD_CHOOSE)
        form.seen.data = _fingerprint(case)
        return _page(case, form, refusal.sentence()), refusal.status
    flash(gettext("Proposed. Finance decides now; you are told if it comes back."))
    return redirect(url_for("desk.case", number=number))


@desk.route("/cases/<number>/award/<stage>/propose", methods=["GET", "POST"])
def award_stage(number: str, stage: str) -> ResponseReturnValue:
    """Propose an award on top of the main one: what it comes to, and a reason where an amount is chosen."""
    actor = current_user.actor
    case = queries.find_case(number, actor, Permission.AWARD_CHOOSE)
    wanted = next((one for one in staged.LATER if one.value == stage), None)
    if wanted is None:
        raise NotFound
    form, refusal, code = ReasonForm(), "", 200
    if form.is_submitted():
        try:
            amounts = {
                key: _fen(request.form.get(f"amount_{key}", "")) for key in staged.bands_of(case, wanted)
            }
            staged.propose_stage(case, wanted, amounts, form.reason.data or "", actor, clock.now())
            db.session.commit()
        except (Refusal, StaleDataError) as refused:
            db.session.rollback()
            told = Stale() if isinstance(refused, StaleDataError) else refused
            refusal, code = told.sentence(), told.status
            case = queries.find_case(number, actor, Permission.AWARD_CHOOSE)
        else:
            flash(gettext("Proposed. Finance decides now; you are told if it comes back."))
            return redirect(url_for("desk.case", number=number))
    return _stage_page(case, wanted, form, refusal), code


def _stage_page(case: Case, wanted: Stage, form: ReasonForm, refusal: str) -> str:
    computed = staged.compute_stage(case, wanted, {})
    if computed is None:
        raise NotInThisState
    kinds = {finding.id: str(KINDS[Kind(finding.kind.value)]) for finding in computed.findings}
    bands, waiting = staged.bands_of(case, wanted), live_award(case.id, wanted)
    needed = [Choosable(key, kinds[key], low, high, None) for key, (low, high) in bands.items()]
    return render_template(
        "admin/award_stage.html",
        case=case,
        form=form,
        refusal=refusal,
        title=str(STAGES[wanted]),
        sent_back=waiting.decision_reason if waiting else "",
        typed=[_typed(one) for one in needed],
        now_worth=result_of(case, computed),
        possible=computed.payable or computed.only_choices_missing,
        told=dossier.reports_of(case),
    )


def _take(case: Case, form: ReasonForm) -> None:
    actor, at = current_user.actor, clock.now()
    if form.seen.data != _fingerprint(case):
        raise Stale
    if not may_act(case, actor):
        raise NotInThisState
    reason = form.reason.data or ""
    needed = choosable(case)
    if not needed:
        awards.propose_again(case, reason, actor, at)
        return
    amounts = {one.finding_id: _fen(request.form.get(f"amount_{one.finding_id}", "")) for one in needed}
    awards.choose_amounts(case, awards.Chosen(amounts, reason), actor, at)


def _fen(text: str) -> int:
    try:
        return parse_yuan(text)
    except MoneyError:
        raise AmountNotRead from None


def _fingerprint(case: Case) -> str:
    """Return what the officer decides on, as a short text; nothing in it comes from the reporter."""
    award = live_award(case.id)
    status = award.status.value if award else "none"
    parts = [f"{one.finding_id}:{one.low_fen}:{one.high_fen}:{one.chosen_fen}" for one in choosable(case)]
    return "|".join([status, *parts])


def _page(case: Case, form: ReasonForm, refusal: str = "") -> str:
    award = live_award(case.id)
    typed = [_typed(one) for one in choosable(case)]
    return render_template(
        "admin/award.html",
        case=case,
        form=form,
        refusal=refusal,
        typed=typed,
        lines=lines_for(award.derivation, Audience.VERIFIER) if award else [],
        sent_back=award.decision_reason if award else "",
        now_worth=_worth(case, typed) if typed else None,
        told=dossier.reports_of(case),
    )


def _worth(case: Case, typed: list[Typed]) -> Result:
    """Return what the amounts in the fields come to."""
    every, fields = findings_of(case), {one.name: one.amount for one in typed}
    return result_of(case, trial(case, rulebook.governing(case, every), every, fields).computed)


def _typed(one: Choosable) -> Typed:
    """Return a field as it was typed, chosen before, or the only amount there is."""
    known = one.chosen_fen or (one.low_fen if one.low_fen == one.high_fen else None)
    default = format_yuan_brief(known) if known is not None else ""
    return Typed(one, request.form.get(f"amount_{one.finding_id}", default)[:40])
