"""Assigning a case: department, district and officer, with the sector's lead suggested."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext, ngettext
from flask_login import current_user

from portal import clock
from portal.admin.blueprint import desk
from portal.admin.forms import AssignForm, whole
from portal.admin.steps import Words, begin, city_wide, may, take
from portal.cases import queries, routing
from portal.cases.allowed import Deed
from portal.cases.models import Case
from portal.cases.routing import Candidate, Unit
from portal.people.labels import unit_name
from portal.presentation import day

ASSIGN = Words(
    lazy_gettext("Assign this case"),
    lazy_gettext("The leading department of the sector and its least busy officer are chosen already."),
    lazy_gettext("Assign"),
    lazy_gettext("Assigned. The officer is told."),
)


@desk.route("/cases/<number>/assign", methods=["GET", "POST"])
def case_assign(number: str) -> ResponseReturnValue:
    """Give the case to a unit and an officer."""
    case = begin(number, Deed.ASSIGN)
    found = routing.candidates(clock.city_date(clock.now()))
    form = _form(case, found)

    def act() -> None:
        unit = Unit(
            department_id=whole(form.department.data) or 0,
            district_id=whole(form.district.data),
            officer_id=whole(form.officer.data),
        )
        now = clock.now()
        routing.assign(
            case, current_user.actor, now, version=form.of_version, unit=unit, reason=form.reason.data
        )

    return take(case, form, ASSIGN, act, possible=may(Deed.ASSIGN))


def _form(case: Case, found: list[Candidate]) -> AssignForm:
    department_id, officer_id = routing.suggest(case, found)
    form = AssignForm(
        department=str(case.department_id or department_id or ""),
        district=str(case.district_id or ""),
        officer=str(case.officer_id or officer_id or ""),
    )
    form.department.choices = [(str(one.id), unit_name(one)) for one in queries.departments()]
    form.district.choices = [city_wide(), *((str(one.id), unit_name(one)) for one in queries.districts())]
    form.officer.choices = [("", gettext("The department decides")), *map(_choice, found)]
    return form


def _choice(one: Candidate) -> tuple[str, str]:
    units = " · ".join(
        name for name in (unit_name(one.person.department), unit_name(one.person.district)) if name
    )
    open_cases = ngettext("%(num)s open case", "%(num)s open cases", one.open_cases)
    away = gettext(" · away until %(day)s", day=day(one.away_until)) if one.away_until else ""
    return str(one.person.id), f"{one.person.name} · {units} · {open_cases}{away}"
