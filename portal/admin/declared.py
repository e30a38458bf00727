"""What the governing rule set asks of the verifier: in the finding's form, on its own pages, to try."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal import clock
from portal.admin.blueprint import desk
from portal.admin.forms import StepForm
from portal.admin.steps import take
from portal.admin.verification_words import CASE_FACTS, FACTS, FINDING_KINDS
from portal.admin.verifying import begin, is_open
from portal.cases import dossier, findings
from portal.cases.models import Case, Finding, FindingKind
from portal.rewards import answered, rulebook
from portal.rewards.awards import propose_if_payable
from portal.rewards.declared import Answers, asked_about_case, asked_about_finding
from portal.rewards.declaring import governing_for, record_case_facts, record_finding_facts
from portal.rewards.facts import findings_of
from portal.rewards.result import result_of
from portal.rewards.rules.vocabulary import Kind
from portal.rewards.trying import trial
from portal.rewards.wording.page_tongue import page_reading


class ByKind:
    """The questions for each kind a finding may be of; only those of the chosen kind count."""

    def __init__(
        self, case: Case, at: datetime, typed: Mapping[str, str], changed: Finding | None = None
    ) -> None:
        self.kind = typed.get("kind", changed.kind.value if changed else "")
        kept = answered.of_findings([changed]).get(changed.id, {}) if changed else {}
        self.groups: dict[FindingKind, Answers] = {}
        for kind in FindingKind:
            governing = governing_for(case, kind, at, changed)
            asked = asked_about_finding(governing, Kind(kind.value))
            reading = page_reading(governing)
            self.groups[kind] = Answers(asked, reading, f"{kind.value}-", typed, kept)

    @property
    def shown(self) -> list[tuple[FindingKind, str, Answers]]:
        """Return the kinds about which something is asked."""
        return [(kind, str(FINDING_KINDS[kind]), one) for kind, one in self.groups.items() if one.facts]

    @property
    def chosen(self) -> Answers | None:
        """Return the questions of the kind that was chosen."""
        return self.groups.get(FindingKind(self.kind)) if self.kind in set(FindingKind) else None

    def validate(self) -> bool:
        """Tell whether all answers about the chosen kind can be taken."""
        return self.chosen is None or self.chosen.validate()


@desk.route("/cases/<number>/findings/<int:finding_id>/facts", methods=["GET", "POST"])
def finding_facts(number: str, finding_id: int) -> ResponseReturnValue:
    """Answer what the rule set asks about a finding; the computation follows what is typed."""
    case = begin(number)
    finding = findings.find_finding(case, finding_id)
    actor, now = current_user.actor, clock.now()
    every = findings_of(case)
    governing = rulebook.governing(case, every)
    tried = trial(case, governing, every, request.form)
    answers = next(one.answers for one in tried.findings if one.finding.id == finding.id)
    form = StepForm()

    def act() -> None:
        asked = [fact.id for fact in answers.facts]
        version = form.of_version
        record_finding_facts(case, finding_id, asked, answers.texts(), actor, now, version=version)
        propose_if_payable(case, actor, now)

    return take(
        case,
        form,
        FACTS,
        act,
        possible=lambda now: is_open(now) and bool(answers.facts),
        template="admin/verification_facts.html",
        rows=answers,
        finding=finding,
        now_worth=result_of(case, tried.computed),
    )


@desk.route("/cases/<number>/case-facts", methods=["GET", "POST"])
def case_facts(number: str) -> ResponseReturnValue:
    """Answer what the rule set asks about the case as a whole."""
    case = begin(number)
    actor, now = current_user.actor, clock.now()
    every = findings_of(case)
    governing = rulebook.governing(case, every)
    tried = trial(case, governing, every, request.form)
    answers = tried.about_case or Answers(asked_about_case(governing), page_reading(governing), "case-")
    form = StepForm()

    def act() -> None:
        asked = [fact.id for fact in answers.facts]
        record_case_facts(case, asked, answers.texts(), actor, now, version=form.of_version)
        propose_if_payable(case, actor, now)

    return take(
        case,
        form,
        CASE_FACTS,
        act,
        possible=lambda now: is_open(now) and bool(answers.facts),
        template="admin/verification_facts.html",
        rows=answers,
        finding=None,
        now_worth=result_of(case, tried.computed),
    )


@desk.post("/cases/<number>/award/try")
def award_try(number: str) -> str:
    """Compute what the typed figures come to; nothing is kept."""
    case = begin(number)
    every = findings_of(case)
    tried = trial(case, rulebook.governing(case, every), every, request.form)
    return render_template(
        "admin/award_try.html",
        case=case,
        tried=tried,
        now_worth=result_of(case, tried.computed),
        told=dossier.reports_of(case),
    )
