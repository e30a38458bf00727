"""Forms of a verification: what is typed becomes a frozen command of a verb."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext
from wtforms import Field, Form, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import AnyOf, Length, StopValidation, ValidationError

from portal.admin.forms import StepForm, whole
from portal.admin.verification_words import (
    ACCIDENT_CLASSES,
    CONCLUSIONS,
    FINDING_KINDS,
    MONEY_FAULTS,
    PENALTY_PARTS,
)
from portal.cases.conclusion import ANSWER_LONGEST, NOTE_LONGEST
from portal.cases.findings import DESCRIPTION_LONGEST, Found
from portal.cases.models import AccidentClass, Finding, FindingKind, Penalty, PenaltyPart
from portal.cases.penalties import DECISION_LONGEST, PenaltyLine
from portal.cases.rectification import LONG, SHORT, FivePoints
from portal.cases.site_checks import CERTIFICATE_LONGEST, FOUND_LONGEST, SiteVisit
from portal.cases.steps import Conclusion
from portal.money import MoneyError, format_yuan, parse_yuan
from portal.people.models import Person
from portal.reports import wording

ROWS = 3
REASON_LONGEST = 1000
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]+(\d{2}:\d{2})(?::\d{2})?")


def _line(text: str | None) -> str:
    return wording.line(text or "")


def _lines(text: str | None) -> str:
    return wording.lines(text or "")


def _at_most(limit: int) -> Length:
    return Length(max=limit, message=lazy_gettext("At most %(max)d characters, please."))


def day_typed(text: str | None) -> date | None:
    """Return the one date that was typed, None for anything else."""
    found = wording.dates(text or "")
    return found[0] if len(found) == 1 else None


def moment_typed(text: str | None, zone: ZoneInfo) -> datetime | None:
    """Return the moment that was typed as the city's clocks show it, None for anything else."""
    match = _MOMENT.fullmatch(unicodedata.normalize("NFKC", text or "").strip())
    if match is None:
        return None
    try:
        return datetime.fromisoformat("T".join(match.groups())).replace(tzinfo=zone)
    except ValueError:
        return None


def _is_day(_form: Form, field: Field) -> None:
    if day_typed(field.data) is None:
        raise ValidationError(lazy_gettext("Please give the day like this: 2026-11-03."))


def _is_day_or_empty(form: Form, field: Field) -> None:
    if field.data:
        _is_day(form, field)


def _is_moment(_form: Form, field: Field) -> None:
    if moment_typed(field.data, ZoneInfo("UTC")) is None:
        raise ValidationError(lazy_gettext("Please give day and time like this: 2026-11-03 19:40."))


def _is_amount(_form: Form, field: Field) -> None:
    try:
        parse_yuan(field.data or "")
    except MoneyError as fault:
        raise ValidationError(MONEY_FAULTS[fault.code]) from None


def _is_deaths(_form: Form, field: Field) -> None:
    if field.data and whole(unicodedata.normalize("NFKC", field.data)) is None:
        raise ValidationError(lazy_gettext("Please give the confirmed deaths as a whole number."))


def _one_of(*values: str, message: Any = None) -> AnyOf:  # noqa: ANN401  (a lazy string)
    return AnyOf(values, message=message or lazy_gettext("Please choose from the list."))


def _text(label: Any, message: Any, longest: int) -> TextAreaField:  # noqa: ANN401  (lazy strings)
    return TextAreaField(label, [_filled(message), _at_most(longest)], filters=[_lines])


def _word(label: Any, message: Any, longest: int) -> StringField:  # noqa: ANN401  (lazy strings)
    return StringField(label, [_filled(message), _at_most(longest)], filters=[_line])


class _filled:
    """Refuse a field that holds nothing but blanks and control characters."""

    def __init__(self, message: Any) -> None:  # noqa: ANN401  (a lazy string)
        self.message = message
        self.field_flags = {"required": True}

    def __call__(self, _form: Form, field: Field) -> None:
        if not field.data:
            raise StopValidation(self.message)


class ReasonForm(StepForm):
    """A correction that needs nothing but its reason."""

    reason = _text(lazy_gettext("Reason"), lazy_gettext("Please say why."), REASON_LONGEST)


class CheckForm(StepForm):
    """A check on site."""

    checked_on = StringField(lazy_gettext("Day of the check"), [_is_day])
    officer_one = SelectField(lazy_gettext("First officer"), validate_choice=False)
    certificate_one = StringField(
        lazy_gettext("Certificate of the first officer"), [_at_most(CERTIFICATE_LONGEST)], filters=[_line]
    )
    officer_two = SelectField(lazy_gettext("Second officer"), validate_choice=False)
    certificate_two = StringField(
        lazy_gettext("Certificate of the second officer"), [_at_most(CERTIFICATE_LONGEST)], filters=[_line]
    )
    found = _text(
        lazy_gettext("What was found"), lazy_gettext("Please write what was found on site."), FOUND_LONGEST
    )

    def offer(self, officers: Sequence[Person]) -> None:
        """List the officers with the numbers on record, so that the script can fill them in."""
        nobody = SelectChoice("", lazy_gettext("Please choose"), {"data-number": ""})
        listed = [
            SelectChoice(str(one.id), f"{one.name} {number}".strip(), {"data-number": number})
            for one in officers
            for number in (one.certificate_number,)
        ]
        self.officer_one.choices = self.officer_two.choices = [nobody, *listed]

    def visit(self) -> SiteVisit:
        """Return what was typed; the form is valid."""
        return SiteVisit(
            checked_on=day_typed(self.checked_on.data) or date.min,
            officer_one_id=whole(self.officer_one.data) or 0,
            certificate_one=self.certificate_one.data or "",
            officer_two_id=whole(self.officer_two.data) or 0,
            certificate_two=self.certificate_two.data or "",
            found=self.found.data or "",
        )


class FindingForm(StepForm):
    """One finding."""

    kind = RadioField(
        lazy_gettext("Kind"),
        [_one_of(*FindingKind, message=lazy_gettext("Please choose what kind of finding this is."))],
        validate_choice=False,
        choices=[SelectChoice(kind.value, words) for kind, words in FINDING_KINDS.items()],
    )
    description = _text(
        lazy_gettext("What was verified"),
        lazy_gettext("Please write what was verified."),
        DESCRIPTION_LONGEST,
    )
    deaths = StringField(lazy_gettext("Confirmed deaths"), [_is_deaths], filters=[_line])
    accident_class = SelectField(
        lazy_gettext("Confirmed class of the accident"),
        [_one_of("", *AccidentClass)],
        default="",
        validate_choice=False,
        choices=[
            SelectChoice("", lazy_gettext("Not confirmed yet")),
            *(SelectChoice(one.value, words) for one, words in ACCIDENT_CLASSES.items()),
        ],
    )

    def show(self, finding: Finding, proposed: AccidentClass | None) -> None:
        """Fill in a finding; a class that is not confirmed yet is the one that the deaths suggest."""
        self.kind.data = finding.kind.value
        self.description.data = finding.description
        self.deaths.data = str(finding.deaths_confirmed or "")
        self.accident_class.data = str(finding.accident_class or proposed or "")

    def command(self) -> Found:
        """Return what was typed; the form is valid."""
        accident = self.accident_class.data
        return Found(
            kind=FindingKind(self.kind.data),
            description=self.description.data or "",
            deaths=whole(unicodedata.normalize("NFKC", self.deaths.data or "")) or 0,
            accident_class=AccidentClass(accident) if accident else None,
        )


class PartForm(Form):
    """One part of a penalty."""

    decision_number = _word(
        lazy_gettext("Decision number"),
        lazy_gettext("Please give the number of the decision."),
        DECISION_LONGEST,
    )
    decided_on = StringField(lazy_gettext("Decided on"), [_is_day], filters=[_line])
    part = SelectField(
        lazy_gettext("Part"),
        [_one_of(*PenaltyPart)],
        validate_choice=False,
        choices=[SelectChoice(part.value, words) for part, words in PENALTY_PARTS.items()],
    )
    amount = StringField(lazy_gettext("Amount in yuan"), [_is_amount], filters=[_line])
    final_on = StringField(lazy_gettext("Final since"), [_is_day_or_empty], filters=[_line])
    collected_on = StringField(lazy_gettext("Paid on"), [_is_day_or_empty], filters=[_line])

    @property
    def is_blank(self) -> bool:
        """Say whether nothing was typed in this row."""
        return not (self.decision_number.data or self.amount.data)

    def repeat(self, above: PartForm) -> None:
        """Take number and day of the row above where they are empty: one decision often has several parts."""
        self.decision_number.data = self.decision_number.data or above.decision_number.data
        self.decided_on.data = self.decided_on.data or above.decided_on.data

    def show(self, row: Penalty) -> None:
        """Fill in a part as it is recorded."""
        self.decision_number.data = row.decision_number
        self.decided_on.data = row.decided_on.isoformat()
        self.part.data = row.part.value
        self.amount.data = format_yuan(row.amount_fen)
        self.final_on.data = row.final_on.isoformat() if row.final_on else ""
        self.collected_on.data = row.collected_on.isoformat() if row.collected_on else ""

    def line(self) -> PenaltyLine:
        """Return what was typed; the row is valid."""
        return PenaltyLine(
            decision_number=self.decision_number.data or "",
            decided_on=day_typed(self.decided_on.data) or date.min,
            part=PenaltyPart(self.part.data),
            amount_fen=parse_yuan(self.amount.data or ""),
            final_on=day_typed(self.final_on.data),
            collected_on=day_typed(self.collected_on.data),
        )


class PenaltyForm(StepForm):
    """A penalty in rows, one for each part: the first has to be filled in, blank ones after it do not count.

    The reason is asked for where something is corrected.
    """

    reason = TextAreaField(lazy_gettext("Reason"), [_at_most(REASON_LONGEST)], filters=[_lines])

    def __init__(self, typed: Mapping[str, Any], count: int = ROWS) -> None:
        super().__init__()
        self.rows = [PartForm(typed, prefix=f"row{index}-") for index in range(count)]

    @property
    def given(self) -> list[PartForm]:
        """Return the first row and every other one in which something was typed."""
        return [row for index, row in enumerate(self.rows) if index == 0 or not row.is_blank]

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Judge the reason and every given row."""
        for above, row in pairwise(self.given):
            row.repeat(above)
        return all([super().validate(extra_validators), *(row.validate() for row in self.given)])

    def at(self, name: str) -> Field | None:
        """Return a fault's field: ``amount_1`` stands in the second given row, ``amount`` in the first."""
        stem, _mark, index = name.rpartition("_")
        row, stem = (self.given[int(index)], stem) if index.isdigit() else (self.given[0], name)
        return row[stem] if stem in row else super().at(name)

    def lines(self) -> list[PenaltyLine]:
        """Return what was typed; the rows are valid."""
        return [row.line() for row in self.given]


class OrderForm(StepForm):
    """The five fixed points."""

    responsible = _word(
        lazy_gettext("Responsible person"), lazy_gettext("Please say who is responsible for it."), SHORT
    )
    measures = _text(lazy_gettext("Measures"), lazy_gettext("Please say what is to be done."), LONG)
    funds = _word(lazy_gettext("Funds"), lazy_gettext("Please say with what money."), SHORT)
    deadline = StringField(lazy_gettext("Deadline"), [_is_day], filters=[_line])
    contingency = _text(
        lazy_gettext("Contingency plan"),
        lazy_gettext("Please say what is done in the meantime, or if it fails."),
        LONG,
    )

    def points(self) -> FivePoints:
        """Return what was typed; the form is valid."""
        return FivePoints(
            responsible=self.responsible.data or "",
            measures=self.measures.data or "",
            funds=self.funds.data or "",
            deadline=day_typed(self.deadline.data) or date.min,
            contingency=self.contingency.data or "",
        )


class ReinspectForm(StepForm):
    """When somebody looked again, and what was seen."""

    inspected_at = StringField(lazy_gettext("Day and time"), [_is_moment], filters=[_line])
    note = _text(lazy_gettext("What was seen"), lazy_gettext("Please write what was seen."), LONG)


class ExtendForm(StepForm):
    """A later deadline."""

    deadline = StringField(lazy_gettext("New deadline"), [_is_day], filters=[_line])
    reason = _text(lazy_gettext("Reason"), lazy_gettext("Please say why."), REASON_LONGEST)


class ConcludeForm(StepForm):
    """The conclusion."""

    conclusion = RadioField(
        lazy_gettext("Conclusion"),
        [_one_of(*Conclusion, message=lazy_gettext("Please choose a conclusion."))],
        validate_choice=False,
        choices=[SelectChoice(one.value, words) for one, words in CONCLUSIONS.items()],
    )
    note = _text(
        lazy_gettext("How it is handled"),
        lazy_gettext("Please write how the matter is handled."),
        NOTE_LONGEST,
    )

    @property
    def chosen(self) -> Conclusion:
        """The conclusion that was chosen; the form is valid."""
        return Conclusion(self.conclusion.data)


class AnswerForm(StepForm):
    """The answer to the reporter."""

    answer = _text(
        lazy_gettext("Answer"), lazy_gettext("Please write the answer to the reporter."), ANSWER_LONGEST
    )
