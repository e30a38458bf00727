"""Forms of the administrator's pages; each turns into a frozen command."""

from __future__ import annotations

from typing import Any, Self

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import SelectChoice, SelectField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, Email, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from portal.admin.forms import whole
from portal.people.accounts import NewAccount
from portal.people.administration import Change
from portal.people.labels import ROLES, unit_name
from portal.people.models import Account
from portal.people.permissions import Role
from portal.people.units import UnitKind, all_units
from portal.reports import wording

NOTHING = -1
_TOO_LONG = lazy_gettext("This is too long.")


def _number(value: Any) -> int | None:  # noqa: ANN401
    """Return the id in a select's value: none for an empty one, for what is no id one that nothing has."""
    text = str(value or "")
    return whole(text) or NOTHING if text else None


def _strip(value: str | None) -> str:
    return (value or "").strip()


def _printable(_form: FlaskForm, field: Any) -> None:  # noqa: ANN401
    if field.data and not field.data.isprintable():
        raise ValidationError(lazy_gettext("Please leave out line breaks and signs that cannot be seen."))


def _line(label: Any, *validators: Any, most: int) -> StringField:  # noqa: ANN401
    return StringField(
        label, [*validators, Length(max=most, message=_TOO_LONG), _printable], filters=[_strip]
    )


def _mobile(_form: FlaskForm, field: Any) -> None:  # noqa: ANN401
    if field.data and wording.mobile(field.data) is None:
        raise ValidationError(lazy_gettext("This is no mobile number we know. It has 11 digits."))


class ChangeForm(FlaskForm):
    """Name, unit, certificate, addresses and roles."""

    name = _line(lazy_gettext("Name"), DataRequired(lazy_gettext("Please enter the person's name.")), most=60)
    certificate_number = _line(lazy_gettext("Enforcement certificate"), most=40)
    email = _line(
        lazy_gettext("E-mail"),
        Optional(),
        Email(lazy_gettext("This is no e-mail address. Please look at it again.")),
        most=120,
    )
    telephone = _line(lazy_gettext("Mobile number"), Optional(), _mobile, most=20)
    department_id = SelectField(lazy_gettext("Department"), coerce=_number, validate_choice=False)
    district_id = SelectField(lazy_gettext("District"), coerce=_number, validate_choice=False)
    roles = SelectMultipleField(
        lazy_gettext("Roles"),
        [DataRequired(lazy_gettext("Please choose at least one role."))],
        choices=[SelectChoice(role.value, label) for role, label in ROLES.items()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.department_id.choices = _choices(UnitKind.DEPARTMENTS, self.department_id.data)
        self.district_id.choices = _choices(UnitKind.DISTRICTS, self.district_id.data)

    @classmethod
    def of(cls, account: Account) -> Self:
        """Return the form filled with how the account stands."""
        person = account.person
        return cls(
            name=person.name,
            certificate_number=person.certificate_number,
            email=account.email,
            telephone=account.telephone,
            department_id=person.department_id,
            district_id=person.district_id,
            roles=[role.value for role in sorted(account.roles)],
        )

    def command(self) -> Change:
        """Return what was asked for."""
        return Change(**self._details())

    def _details(self) -> dict[str, Any]:
        return {
            "name": self.name.data,
            "roles": frozenset(Role(role) for role in self.roles.data or ()),
            "department_id": self.department_id.data,
            "district_id": self.district_id.data,
            "certificate_number": self.certificate_number.data,
            "email": self.email.data,
            "telephone": wording.mobile(self.telephone.data or "") or "",
        }


class NewForm(ChangeForm):
    """A new account: the same, and the user name, which stays for ever."""

    username = _line(
        lazy_gettext("User name"), DataRequired(lazy_gettext("Please enter a user name.")), most=60
    )

    def command(self) -> NewAccount:  # type: ignore[override]  # the same form, another command
        """Return what was asked for."""
        return NewAccount(username=self.username.data, **self._details())


def _choices(kind: UnitKind, chosen: int | None) -> list[SelectChoice]:
    """Return the units in use, and the chosen one even when it is out of use."""
    offered = [unit for unit in all_units(kind) if unit.active or unit.id == chosen]
    return [
        SelectChoice("", lazy_gettext("none")),
        *(SelectChoice(str(unit.id), unit_name(unit)) for unit in offered),
    ]
