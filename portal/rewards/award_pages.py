"""Finance's pages of awards: the list, one award, and what is decided about it."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from portal import clock
from portal.database import db, row_key
from portal.errors import Refusal
from portal.extensions import settings
from portal.people.permissions import Permission
from portal.rewards import awards, fund, hands, queries, signatures, staffing
from portal.rewards.blueprint import finance
from portal.rewards.forms import DecisionForm
from portal.rewards.models import Act, Award
from portal.rewards.queries import AwardView
from portal.rewards.rules.codes import Code
from portal.rewards.rules.derivation import Derivation
from portal.rewards.standing import SENTENCES, Block, standing
from portal.rewards.steps import AwardStatus
from portal.rewards.wording.explain import Audience
from portal.rewards.wording.lines import kind_of, lines_for
from portal.rewards.wording.page_tongue import page_reading
from portal.rewards.words import ACTS, KINDS, STAGES

DECIDABLE = frozenset({AwardStatus.PROPOSED, AwardStatus.SENT_BACK})


@finance.get("/awards", endpoint="awards")
def awards_list() -> str:
    """List awards by key: what waits to be decided first."""
    view = _view(request.args.get("view", ""))
    after = request.args.get("after", type=row_key)
    now = clock.now()
    page = queries.awards_page(view, after, current_user.actor.person_id)
    following = url_for("finance.awards", view=view.value, after=page.after) if page.after else ""
    return render_template(
        "rewards/awards.html",
        view=view,
        page=page,
        next_url=following,
        first_url=url_for("finance.awards", view=view.value) if after else "",
        fund=fund.fund_of(now),
        kinds=KINDS,
        staff_gaps=staffing.gaps(signatures.profile(), clock.city_date(clock.now())),
    )


@finance.get("/awards/<number>")
def award(number: str) -> str:
    """Show one award: number, kind, amount and how it comes about; nothing of the case."""
    found = queries.award_by_number(number)
    return _page(found, DecisionForm(), "")


@finance.post("/awards/<number>")
def award_decide(number: str) -> ResponseReturnValue:
    """Approve, send back, refuse or compute anew what finance saw."""
    found = queries.award_by_number(number)
    form = DecisionForm()
    try:
        told = _decide(request.form.get("action", ""), found, form)
    except Refusal as refused:
        db.session.rollback()
        return _page(queries.award_by_number(number), form, refused.sentence()), refused.status
    db.session.commit()
    flash(told, "message")
    return redirect(url_for("finance.award", number=number))


def _decide(action: str, found: Award, form: DecisionForm) -> str:
    at, actor = clock.now(), current_user.actor
    decision = form.decision(found.id)
    if action == "approve":
        awards.approve(decision, actor, at, claim_days=settings().deadlines.claim_days)
        return str(gettext("Approved. The money is reserved, and the reporter is told."))
    if action == "cosign":
        awards.cosign(decision, actor, at)
        return str(gettext("Signed. Somebody else of finance can approve it now."))
    if action == "send_back":
        awards.send_back(decision, actor, at)
        return str(gettext("Sent back. The officer who has the case is told your reason."))
    if action == "refuse":
        awards.refuse(decision, actor, at)
        return str(gettext("Refused. Nothing was reserved."))
    awards.refresh(found, at)
    return str(gettext("Computed anew. Look at the amount once more."))


def _page(found: Award, form: DecisionForm, refusal: str) -> str:
    now, actor = clock.now(), current_user.actor
    blocks = standing(found) if found.status is AwardStatus.PROPOSED else []
    form.version.data, form.amount.data = str(found.version), str(found.amount_fen)
    held = hands.held_by(found.id, actor.person_id)
    signed = signatures.state_of(found, signatures.profile())
    budget = fund.fund_of(now)
    return render_template(
        "rewards/award.html",
        award=found,
        deviates=found.computed_fen != found.amount_fen,
        stage_name=STAGES[found.stage],
        form=form,
        refusal=refusal,
        kind=KINDS[kind_of(found.derivation)],
        lines=lines_for(found.derivation, Audience.FINANCE),
        rule=_rule(found),
        blocks=[SENTENCES[block] for block in blocks],
        outdated=Block.OUTDATED in blocks,
        hands=[(ACTS[hand.act], person.name) for hand, person in hands.hands_of(found.id)],
        apart=_apart(found, held),
        signatures=signed,
        next_step=next((one for one in signed if not one.name), None),
        has_signed=signatures.has_signed(found.id, actor.person_id),
        may_decide=found.status in DECIDABLE and actor.may(Permission.AWARD_DECIDE),
        fund=budget,
        enough=budget is not None and budget.available_fen >= found.amount_fen,
    )


def _apart(found: Award, held: Act | None) -> str:
    """Return why this person cannot decide, and who can; empty when nothing keeps them apart."""
    if held in (None, Act.APPROVE) or found.status not in DECIDABLE:
        return ""
    return hands.HandTaken(held, Act.APPROVE, hands.free_people(found.id, Act.APPROVE)).sentence()


def _rule(found: Award) -> str:
    """Return the titles of the documents that the steps rest on."""
    steps, reading = Derivation.from_json(found.derivation).steps, page_reading()
    named = (step for step in steps if step.rule and (step.code is not Code.TAX or step.value("withheld")))
    return str(gettext(", ").join(dict.fromkeys(reading.title(step.rule, step.version) for step in named)))


def _view(text: str) -> AwardView:
    return AwardView(text) if text in set(AwardView) else AwardView.TO_DECIDE
