"""Opening one group for one committed request: the rules that no other process can bend."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select
from sqlalchemy.engine import Connection

from portal.vault import tables as t
from portal.vault.groups import EVENT_OF, READER, WITHIN_DISTRICT, FieldGroup, context_of
from portal.vault.opening import SealError
from portal.vault.persons import same_name
from portal.vault.refusals import Refused, Why
from portal.vault.serving import Begin, Keys, Serving
from portal.vault.unsealing import open_fields

Fields = dict[str, str]


class Opener(Serving):
    """Serves committed requests once each, within a person's day."""

    def __init__(self, keys: Keys, daily: int, zone: ZoneInfo) -> None:
        super().__init__(t.openings, keys, daily, zone)

    def reveal(self, begin: Begin, opening_id: str, at: datetime) -> tuple[Fields, dict[str, bool]]:
        """Return the fields and what else the reader may know; raises Refused.

        That it was served is committed before anything is returned.
        """
        with self._one_at_a_time:
            with begin() as connection:
                opening = self._asked(connection, opening_id, at)
                second = self._within_the_day(connection, opening, at)
                self._mark(connection, opening_id, at)
                group = FieldGroup(opening.field_group)
                fields = self.fields_of(connection, opening.report_id, group)
                facts = self._facts(connection, opening.report_id, group, fields)
            self._remember(opening, second, at)
        return fields, facts

    def fields_of(self, connection: Connection, report_id: int, group: FieldGroup) -> Fields:
        """Open a group of a report inside the vault; raises Refused."""
        rows = connection.execute(
            select(t.reports.c.uuid, t.sealed_fields.c.version, t.sealed_fields.c.blob, t.sealed_keys.c.wrap)
            .join(t.reports, t.reports.c.id == t.sealed_fields.c.report_id)
            .outerjoin(t.sealed_keys, t.sealed_keys.c.field_id == t.sealed_fields.c.id)
            .where(t.sealed_fields.c.report_id == report_id, t.sealed_fields.c.field_group == group.value)
            .order_by(t.sealed_fields.c.version)
        ).all()
        if not rows:
            raise Refused(Why.EMPTY)
        if len(rows) > 1 and group is not FieldGroup.TOLD:
            raise Refused(Why.DAMAGED)
        try:
            opened = [
                open_fields(self._keys(), row.blob, row.wrap, context_of(group, row.uuid, row.version))
                for row in rows
            ]
        except SealError:
            raise Refused(Why.DAMAGED) from None
        if len(opened) == 1:
            return opened[0]
        # Each text that something was cut from was sealed by itself.
        return {
            f"{number}. {name}": text
            for number, fields in enumerate(opened, start=1)
            for name, text in fields.items()
        }

    def _asked(self, connection: Connection, opening_id: str, at: datetime) -> Row[Any]:
        """Return the committed row when it may be served; raises Refused."""
        opening = self._fresh(connection, opening_id, at)
        self._check_reader(connection, opening)
        self._check_event(connection, opening)
        return opening

    def _check_reader(self, connection: Connection, opening: Row[Any]) -> None:
        """Look up for ourselves that this account holds the group's only role, for this case."""
        if opening.field_group not in {group.value for group in READER}:
            raise Refused(Why.NOT_ALLOWED)
        group = FieldGroup(opening.field_group)
        role = READER[group]
        a, g, p = t.accounts.c, t.role_grants.c, t.people.c
        reader = connection.execute(
            select(a.person_id, p.district_id)
            .join(t.role_grants, g.account_id == a.id)
            .join(t.people, p.id == a.person_id)
            .where(a.id == opening.account_id, a.active, g.role == role.value)
        ).one_or_none()
        if reader is None or reader.person_id != opening.person_id or opening.role != role.value:
            raise Refused(Why.NOT_ALLOWED)
        if group in WITHIN_DISTRICT and reader.district_id is not None:
            district = connection.execute(
                select(t.cases.c.district_id)
                .join(t.reports, t.reports.c.case_id == t.cases.c.id)
                .where(t.reports.c.id == opening.report_id)
            ).scalar()
            if district != reader.district_id:
                raise Refused(Why.NOT_ALLOWED)

    def _check_event(self, connection: Connection, opening: Row[Any]) -> None:
        """The log must say already who opens what."""
        e = t.events.c
        found = connection.execute(
            select(e.id).where(
                e.id == opening.event_id,
                e.action == EVENT_OF[FieldGroup(opening.field_group)],
                e.report_id == opening.report_id,
                e.actor_account_id == opening.account_id,
            )
        ).scalar()
        if found is None:
            raise Refused(Why.NO_EVENT)

    def _facts(
        self, connection: Connection, report_id: int, group: FieldGroup, fields: Fields
    ) -> dict[str, bool]:
        """What the reader learns besides, as yes or no: of other people's fields and of the staff."""
        if group is FieldGroup.LEGAL:
            return self._of_the_staff(connection, fields.get("name", ""))
        if group is not FieldGroup.PAYEE:
            return {}
        # The cashier learns whether the holder is the reporter, not the reporter's name.
        try:
            legal = self.fields_of(connection, report_id, FieldGroup.LEGAL)
        except Refused:
            return {"holder_is_reporter": False}
        return {"holder_is_reporter": same_name(fields.get("holder", ""), legal.get("name", ""))}

    def _of_the_staff(self, connection: Connection, name: str) -> dict[str, bool]:
        """Whether somebody of the staff has this name, or declared a tie to a person of this name."""
        d = t.ties.c
        staff = connection.execute(select(t.people.c.name)).scalars()
        tied = connection.execute(select(d.name).where(d.kind == "person", d.ended_at.is_(None))).scalars()
        return {
            "named_like_staff": any(same_name(name, other) for other in staff),
            "named_like_a_tie": any(same_name(name, other) for other in tied),
        }
