"""The demonstration city with canaries: reports in every stage, every sealed group filled."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.database import db
from portal.demo import city, tale
from portal.demo.tale import Tale
from portal.people.permissions import Role
from portal.reports import identity
from portal.reports.models import Question
from portal.rewards import answers, shares
from portal.rewards.payee import typed_payee
from portal.vault.fields import add_told
from tests.fixtures.app import make_settings, migrated
from tests.fixtures.vault import on_engine
from tests.leaks.canaries import Group, value

ODD_YUAN = 20  # fifteen in a hundred of it are whole yuan


@dataclass
class Planted(Tale):
    """A tale whose reporter has a canary in each field, and lets numbers be cut out of the text."""

    number: int = field(default_factory=itertools.count(1).__next__)

    def of(self, group: Group) -> str:
        """This report's canary of a group."""
        return value(group, self.number)

    def file(self) -> None:
        """File it; what was cut out is sealed in the same transaction, as filing does."""
        teller, story = self.teller, self.story
        alert = teller.alert and (
            f"a{self.of(Group.ALERT)}@kanaria-alert.com" if "@" in teller.alert else self.of(Group.ALERT)
        )
        named = bool(teller.name)
        self.teller = replace(
            teller,
            name=self.of(Group.NAME) if named else "",
            telephone=self.of(Group.TELEPHONE) if named else "",
            alert=alert,
        )
        self.story = replace(
            story,
            narrative=f"{story.narrative}{self.of(Group.TEXT)}〔电话〕",
            subject=self.of(Group.FIRM),
        )
        super().file()
        report = self.report
        told = {"narrative 1": self.of(Group.TOLD)}
        add_told(self.office.ring, report.id, report.uuid, told, self.at)

    def penalise(self, firm: int, person: int = 0) -> None:
        """Fines that no rule and no other case has, so that the reward is no round number either."""
        super().penalise(firm + ODD_YUAN * self.number, person)

    def claim(self, holder: str = "") -> None:
        """Give a canary account, in the name that was sealed where there is one."""
        name = self.of(Group.HOLDER if holder or not self.teller.name else Group.NAME)
        payee = typed_payee(name, self.of(Group.BANK), self.of(Group.ACCOUNT))
        shares.claim(self.report, payee, self.at, self.office.ring)

    def identify(self, *, employee: bool = False, name: bool = True) -> None:
        """Answer both questions for a reason that holds a canary."""
        actor = self.office.anybody(Role.IDENTITY_OFFICER, None, self.dice)
        identity.record_opening(self.report, actor, self.at)
        for question, yes in ((Question.REAL_NAME, name), (Question.EMPLOYEE, employee)):
            command = identity.Answer(self.report_id, question, yes, self.of(Group.ANSWER_REASON))
            answers.answer_identity(command, actor, self.at)


@dataclass(frozen=True)
class City:
    """The city, its tales, and what its code rang for."""

    app: Flask
    tales: Mapping[str, Planted]
    rung: list[tuple[Any, ...]]

    def of_report(self, report_id: int) -> Planted:
        """The tale of a report."""
        return next(one for one in self.tales.values() if one.report_id == report_id)


@contextmanager
def planted(folder: Path, **environ: str) -> Iterator[City]:
    """Make the city with canaries as it stands now, and a vault that answers in this process."""
    made: dict[str, Planted] = {}
    rung: list[tuple[Any, ...]] = []

    class Noted(Planted):
        def __post_init__(self) -> None:
            super().__post_init__()
            made[self.story.key] = self

    def read(told: Mapping[str, str], **known: Any) -> Any:
        if told.get("name"):
            number = int(told["telephone"][-4:])
            told = {**told, "email": value(Group.MAIL, number)}
        return real_read(told, **known)

    def ring(*called: Any) -> bool:
        rung.append(called)
        return False

    real_read = tale.read
    with migrated(make_settings(folder, **environ)) as app:
        # Only while it is made: the city lives as long as the tests, and other tests run beside it.
        with pytest.MonkeyPatch.context() as patch, app.app_context():
            patch.setattr(city, "Tale", Noted)
            patch.setattr(tale, "read", read)
            patch.setattr("portal.run.doorbell.enqueue", ring)
            patch.setattr("portal.people.accounts.hash_password", lambda *_: "!")  # nobody logs in
            app.extensions["portal_ring"] = ring
            city.make(app, clock.now())
            city.clean_some(3)
            db.session.commit()
            app.extensions["portal_vault"] = on_engine(app)
        yield City(app, made, rung)
