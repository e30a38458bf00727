"""Forms of the desk's steps on a case: what is typed becomes a call of a verb."""

from __future__ import annotations

from typing import Self

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from portal.errors import Refusal
from portal.reports import reasons, wording
from portal.reports.conversation import LONGEST

REASON_LONGEST = 1000

_required = InputRequired(lazy_gettext("Please fill this in."))


def _length(limit: int) -> Length:
    return Length(max=limit, message=lazy_gettext("At most %(max)d characters, please."))


def _line(text: str | None) -> str:
    return wording.line(text or "")


def _lines(text: str | None) -> str:
    return wording.lines(text or "")


def whole(text: str | None) -> int | None:
    """Return a number from a form, None for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else None


class StepForm(FlaskForm):
    """What every step on a case carries: the version it was opened at, and the last event seen."""

    version = HiddenField()
    seen = HiddenField()

    def opened_at(self, version: int, seen: int) -> None:
        """Say from which state of the case the form starts, now or again."""
        self.version.data = str(version)
        self.seen.data = str(seen)

    @property
    def of_version(self) -> int:
        """The version of the case that the officer saw; 0, which no case has, when it is missing."""
        return whole(self.version.data) or 0

    @property
    def last_seen(self) -> int:
        """The newest event that the officer saw."""
        return whole(self.seen.data) or 0

    def at(self, name: str) -> Field | None:
        """Return the field in which what a fault names was typed; None when this form has none."""
        return self._fields.get(name)


class AcceptForm(StepForm):
    """Accepting, with what the officer corrects."""

    title = StringField(lazy_gettext("Title"), [_required, _length(80)], filters=[_line])
    sector = SelectField(lazy_gettext("Sector"))
    district = SelectField(lazy_gettext("District"))
    subject_name = StringField(lazy_gettext("Firm or site"), [_length(120)], filters=[_line])
    address = StringField(lazy_gettext("Address"), [_length(200)], filters=[_line])


class RefuseForm(StepForm):
    """Refusing: a ready sentence or one's own, and where to go instead."""

    ground = RadioField(lazy_gettext("Why"), validate_choice=False)
    reason = TextAreaField(
        lazy_gettext("Reason in your own words"), [_length(REASON_LONGEST)], filters=[_lines]
    )
    where = TextAreaField(
        lazy_gettext("Where to go instead, in your own words"), [_length(REASON_LONGEST)], filters=[_lines]
    )


class TransferForm(StepForm):
    """Passing on to another authority."""

    authority = StringField(lazy_gettext("Authority"), [_required, _length(120)], filters=[_line])
    reason = TextAreaField(lazy_gettext("Reason"), [_required, _length(REASON_LONGEST)], filters=[_lines])


class AskForm(StepForm):
    """A question to the reporter."""

    report = SelectField(lazy_gettext("Report"), validate_choice=False)
    text = TextAreaField(lazy_gettext("Your question"), [_required, _length(LONGEST)], filters=[_lines])


class AssignForm(StepForm):
    """Department, district and officer."""

    department = SelectField(lazy_gettext("Department"))
    district = SelectField(lazy_gettext("District"))
    officer = SelectField(lazy_gettext("Officer"))
    reason = TextAreaField(lazy_gettext("Note"), [_length(REASON_LONGEST)], filters=[_lines])


class MergeForm(StepForm):
    """The case into which this one is merged, and why."""

    into = StringField(lazy_gettext("Number of the other case"), [_required, _length(24)], filters=[_line])
    reason = TextAreaField(lazy_gettext("Reason"), [_required, _length(REASON_LONGEST)], filters=[_lines])


class ReasonForm(StepForm):
    """A step that needs nothing but its reason."""

    reason = TextAreaField(lazy_gettext("Reason"), [_required, _length(REASON_LONGEST)], filters=[_lines])


class OpeningForm(FlaskForm):
    """Why something sealed is opened: one of a few reasons, and words where they are needed."""

    because = RadioField(lazy_gettext("Why it has to be opened"), validate_choice=False)
    reason = TextAreaField(
        lazy_gettext("In your own words"), [_length(reasons.LONGEST_WORDS)], filters=[_lines]
    )

    def offering(self, offered: tuple[reasons.Because, ...]) -> Self:
        """Offer these reasons."""
        self.because.choices = [SelectChoice(code.value, reasons.CHOICES[code]) for code in offered]
        return self

    def take(self, refused: Refusal) -> str:
        """Put a refusal at its field; returns the sentence for the top of the page where it has none."""
        sentence, name = refused.sentence(), getattr(refused, "field", "")
        if name not in self._fields:
            return sentence
        self._fields[name].errors = [sentence]
        return ""
