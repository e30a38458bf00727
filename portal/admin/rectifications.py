"""The pages on which a rectification is ordered and led to its end."""

from __future__ import annotations

from collections.abc import Callable

from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal import clock
from portal.admin.blueprint import desk
from portal.admin.forms import StepForm
from portal.admin.steps import take
from portal.admin.verification_forms import (
    ExtendForm,
    OrderForm,
    ReasonForm,
    ReinspectForm,
    day_typed,
    moment_typed,
)
from portal.admin.verification_words import ORDER, RECTIFICATION
from portal.admin.verifying import begin, is_open
from portal.cases import findings, rectification
from portal.cases.models import Case
from portal.cases.steps import RectificationAction
from portal.clock import in_city
from portal.errors import NotFound, NotInThisState
from portal.extensions import settings

PAGE = "admin/verification_rectification.html"
FORMS: dict[RectificationAction, type[StepForm]] = {
    RectificationAction.START: StepForm,
    RectificationAction.REINSPECT: ReinspectForm,
    RectificationAction.CLOSE: StepForm,
    RectificationAction.EXTEND: ExtendForm,
    RectificationAction.ESCALATE: ReasonForm,
}


@desk.route("/cases/<number>/findings/<int:finding_id>/rectification", methods=["GET", "POST"])
def rectification_order(number: str, finding_id: int) -> ResponseReturnValue:
    """Order a finding to be put right, with the five fixed points."""
    case = begin(number)
    finding = findings.find_finding(case, finding_id)
    form = OrderForm()

    def act() -> None:
        rectification.order(
            case,
            finding_id,
            form.points(),
            current_user.actor,
            clock.now(),
            version=form.of_version,
            zone=settings().zone,
        )

    return take(
        case,
        form,
        ORDER,
        act,
        possible=lambda now: is_open(now) and finding.rectification is None,
        template=PAGE,
        finding=finding,
    )


@desk.route("/cases/<number>/findings/<int:finding_id>/rectification/<action>", methods=["GET", "POST"])
def rectification_step(number: str, finding_id: int, action: str) -> ResponseReturnValue:
    """Take the next step of a rectification."""
    if action not in set(RectificationAction):
        raise NotFound
    case = begin(number)
    finding = findings.find_finding(case, finding_id)
    taken = RectificationAction(action)
    form = FORMS[taken]()
    if isinstance(form, ReinspectForm) and not form.is_submitted():
        form.inspected_at.data = in_city(clock.now(), settings().zone).strftime("%Y-%m-%dT%H:%M")

    return take(
        case,
        form,
        RECTIFICATION[taken],
        _verb(case, finding_id, taken, form),
        possible=lambda now: is_open(now) and taken in rectification.possible(finding.rectification),
        template=PAGE,
        finding=finding,
    )


def _verb(case: Case, finding_id: int, action: RectificationAction, form: StepForm) -> Callable[[], None]:
    """Return the verb of a step with what was typed."""

    def act() -> None:
        actor, now, version = current_user.actor, clock.now(), form.of_version
        zone = settings().zone
        if isinstance(form, ReinspectForm):
            seen = moment_typed(form.inspected_at.data, zone) or now
            rectification.reinspect(case, finding_id, seen, form.note.data, actor, now, version=version)
        elif isinstance(form, ExtendForm):
            deadline = day_typed(form.deadline.data) or now.date()
            rectification.extend(
                case, finding_id, deadline, form.reason.data, actor, now, version=version, zone=zone
            )
        elif isinstance(form, ReasonForm):
            rectification.escalate(case, finding_id, form.reason.data, actor, now, version=version)
        elif action is RectificationAction.START:
            rectification.start(case, finding_id, actor, now, version=version)
        elif action is RectificationAction.CLOSE:
            rectification.close(case, finding_id, actor, now, version=version)
        else:
            raise NotInThisState

    return act
