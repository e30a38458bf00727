"""The desk's pages of reward rules: what is in force, what comes, drafts, earlier versions, the library."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, make_response, render_template, request, url_for
from flask_babel import get_locale, lazy_gettext
from flask_babel.speaklater import LazyString
from flask_login import current_user
from sqlalchemy import select

from portal import clock
from portal.admin.blueprint import desk
from portal.clock import city_date
from portal.database import db, row_key
from portal.reports.sectors import SECTORS
from portal.rewards import rule_versions as service
from portal.rewards import rulebook
from portal.rewards.changes import change_sentences
from portal.rewards.rule_models import RuleVersion
from portal.rewards.rule_steps import RuleStatus
from portal.rewards.rules.differences import diff
from portal.rewards.rules.model import RuleSet, Text
from portal.rewards.wording.page_tongue import PAGE
from portal.rewards.wording.prose import Prose, prose

SHORT = 12
"""So much of a digest tells two texts apart on a page."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A part of the list."""

    title: LazyString
    about: LazyString
    rows: list[RuleVersion]


@desk.get("/rules")
def rule_sets() -> str:
    """List every version: in force, coming, drafts, earlier, and the library to start from."""
    rows = list(
        db.session.scalars(
            select(RuleVersion).order_by(RuleVersion.rule_id, RuleVersion.version.desc(), RuleVersion.id)
        )
    )
    return render_template(
        "admin/rules.html", shelves=_shelves(rows), sector_names=sector_names, today=city_date(clock.now())
    )


def _shelves(rows: list[RuleVersion]) -> list[Shelf]:
    today = city_date(clock.now())
    drafts = (RuleStatus.DRAFT, RuleStatus.CHECKED)
    now = [row for row in rows if row.governs_on(today)]
    coming = [
        row
        for row in rows
        if row.status is RuleStatus.IN_FORCE and row.in_force_from is not None and row.in_force_from > today
    ]
    earlier = [
        row
        for row in rows
        if row.status is RuleStatus.WITHDRAWN or (row.status is RuleStatus.REPLACED and row not in now)
    ]
    return [
        Shelf(lazy_gettext("In force"), lazy_gettext("Cases are computed by these."), now),
        Shelf(lazy_gettext("Coming"), lazy_gettext("Decided, but their first day has not come."), coming),
        Shelf(
            lazy_gettext("Drafts"),
            lazy_gettext("Uploaded. They decide nothing before a second person puts them in force."),
            [row for row in rows if row.status in drafts],
        ),
        Shelf(lazy_gettext("Earlier"), lazy_gettext("Replaced or withdrawn."), earlier),
        Shelf(
            lazy_gettext("Library"),
            lazy_gettext("Rules of other places, as starting points. None of them decides anything here."),
            [row for row in rows if row.status is RuleStatus.LIBRARY],
        ),
    ]


@desk.get("/rules/<int:key>")
def rule_set(key: int) -> str:
    """Show one version: as prose beside its file, who did what, and what can be done now."""
    return page(service.find(key))


def page(row: RuleVersion, refused: str = "", reason: str = "") -> str:
    """Show one version; after a refusal with what was typed."""
    before = service.predecessor(row)
    return render_template(
        "admin/rule_set.html",
        row=row,
        read=read(row),
        lines=row.body.splitlines(),
        digest=row.digest[:SHORT],
        sectors=sector_names(row.sectors),
        before=before if before is not None and row.status is not RuleStatus.LIBRARY else None,
        mine=row.uploaded_by == current_user.actor.person_id,
        today=city_date(clock.now()),
        refused=refused,
        reason=reason,
    )


@desk.get("/rules/<int:key>/file")
def rule_set_file(key: int) -> Response:
    """Give the file of a version, byte for byte as it was uploaded."""
    row = service.find(key)
    answer = make_response(row.body.encode())
    answer.mimetype = "application/toml"
    answer.headers["Content-Disposition"] = f'attachment; filename="{row.rule_id}-{row.version}.toml"'
    return answer


@desk.get("/rules/<int:key>/changes")
def rule_set_changes(key: int) -> str:
    """Say in sentences what differs from another version: by default from the one in force."""
    row = service.find(key)
    other_key = request.args.get("with", type=row_key)
    other = service.find(other_key) if other_key else service.predecessor(row)
    old = rulebook.rules_of_row(other) if other else None
    new = rulebook.rules_of_row(row)
    changes = change_sentences(diff(old, new), old, new, PAGE) if old else []
    return render_template(
        "admin/rule_changes.html",
        row=row,
        other=other,
        others=[one for one in _comparable() if one.id != row.id],
        changes=changes,
    )


def _comparable() -> list[RuleVersion]:
    kept = RuleVersion.status.not_in((RuleStatus.WITHDRAWN,))
    return list(
        db.session.scalars(select(RuleVersion).where(kept).order_by(RuleVersion.rule_id, RuleVersion.version))
    )


def read(row: RuleVersion) -> Prose:
    """Return a version as prose in the language of the page."""
    return read_rules(rulebook.rules_of_row(row))


def read_rules(rules: RuleSet) -> Prose:
    """Return a rule set as prose in the language of the page."""
    return prose(rules, PAGE, _title)


def _title(rule_id: str, version: int) -> Text | None:
    found = db.session.execute(
        select(RuleVersion.title_zh, RuleVersion.title_en).where(
            RuleVersion.rule_id == rule_id, RuleVersion.version == version
        )
    ).first()
    return Text(*found) if found else None


def sector_names(codes: list[str]) -> list[str]:
    """Return the sectors by name; none means all."""
    language = str(get_locale())
    return [one.name(language) for one in SECTORS if one.code in codes]


def address(row: RuleVersion) -> str:
    """Return where a version is shown."""
    return url_for("desk.rule_set", key=row.id)
