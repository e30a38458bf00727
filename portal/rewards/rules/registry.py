"""The standard facts: known to every rule set, used only by those that name them under ``uses``."""

from __future__ import annotations

from portal.rewards.rules.given import (
    BASE,
    KIND,
    KNOWN_BEFORE,
    MAIN_AWARD,
    MAX_DEATHS,
    PENALISED,
    PRINCIPAL,
    STAFF_OR_RELATIVE,
)
from portal.rewards.rules.model import Fact, Option, Text
from portal.rewards.rules.vocabulary import About, AccidentClass, ConfirmedBy, FactType, Kind


def _money(fact: str, zh: str, en: str, by: ConfirmedBy) -> Fact:
    """Return a standard money fact of a finding."""
    return Fact(fact, FactType.MONEY, Text(zh, en), confirmed_by=by, min=0)


def _yes_no(fact: str, zh: str, en: str, about: About = About.FINDING) -> Fact:
    """Return a standard question; what is about the reporter is confirmed by the identity officer."""
    by = ConfirmedBy.IDENTITY_OFFICER if about is About.REPORTER else ConfirmedBy.VERIFIER
    return Fact(fact, FactType.YES_NO, Text(zh, en), about, by)


def _choice(
    fact: str,
    label: Text,
    options: dict[str, tuple[str, str]],
    by: ConfirmedBy = ConfirmedBy.VERIFIER,
    about: About = About.FINDING,
) -> Fact:
    """Return a standard choice."""
    answers = tuple(Option(option, Text(*words)) for option, words in options.items())
    return Fact(fact, FactType.CHOICE, label, about, by, options=answers)


ALWAYS: dict[str, Fact] = {
    fact.id: fact
    for fact in (
        _choice(
            KIND,
            Text("查实的类型", "What was found"),
            {
                Kind.MAJOR_HAZARD: ("重大事故隐患", "Major hazard"),
                Kind.ILLEGAL_ACT: ("违法行为", "Illegal act"),
                Kind.ORDINARY_HAZARD: ("一般事故隐患", "Ordinary hazard"),
                Kind.CONCEALED_ACCIDENT: ("瞒报、谎报事故", "Concealed accident"),
                Kind.WELDING_VIOLATION: ("焊接作业违法行为", "Welding violation"),
            },
        ),
        _yes_no(PENALISED, "是否给予行政处罚", "Was a penalty imposed?"),
        _money(MAIN_AWARD, "主要奖励金额", "Main award", ConfirmedBy.VERIFIER),
    )
}
"""Facts that are always there and need no declaration."""

OF_A_SHARE: Fact = _money(BASE, "计算基数合计", "Sum that it is a share of", ConfirmedBy.PENALTY_DOCUMENT)
"""What the rate of a percentage may go by besides: the sum itself."""

STANDARD: dict[str, Fact] = {
    fact.id: fact
    for fact in (
        _money("fine_firm", "单位罚款", "Fine on the firm", ConfirmedBy.PENALTY_DOCUMENT),
        _money("fine_person", "个人罚款", "Fine on a person", ConfirmedBy.PENALTY_DOCUMENT),
        _money("confiscated", "没收违法所得", "Confiscated income", ConfirmedBy.PENALTY_DOCUMENT),
        _money("goods_value", "货值", "Value of the goods", ConfirmedBy.VERIFIER),
        _money("direct_loss", "直接经济损失", "Direct economic loss", ConfirmedBy.INVESTIGATION),
        Fact(
            "deaths_confirmed",
            FactType.NUMBER,
            Text("确认的瞒报死亡人数", "Confirmed concealed deaths"),
            confirmed_by=ConfirmedBy.INVESTIGATION,
            unit=Text("人", "people"),
            min=0,
            max=MAX_DEATHS,
        ),
        _choice(
            "accident_class",
            Text("事故等级", "Class of the accident"),
            {
                AccidentClass.ORDINARY: ("一般事故", "Ordinary accident"),
                AccidentClass.LARGER: ("较大事故", "Larger accident"),
                AccidentClass.MAJOR: ("重大事故", "Major accident"),
                AccidentClass.ESPECIALLY_MAJOR: ("特别重大事故", "Especially major accident"),
            },
            ConfirmedBy.INVESTIGATION,
        ),
        _yes_no("merit", "是否有突出贡献", "Was the merit outstanding?"),
        _choice(
            "evidence_quality",
            Text("证据质量", "Quality of the evidence"),
            {
                "clue": ("仅有线索", "A clue only"),
                "evidence": ("附有证据", "With evidence"),
                "decisive": ("证据起决定作用", "The evidence was decisive"),
            },
        ),
        _choice(
            "hazard_level",
            Text("举报事项等级", "Level of the matter"),
            {"one": ("一级", "Level one"), "two": ("二级", "Level two")},
        ),
        _yes_no("ordered_to_correct", "是否责令整改", "Was a correction ordered?"),
        _yes_no(
            "insider", "举报人是否为本单位从业人员", "Is the reporter employed by the firm?", About.REPORTER
        ),
        _yes_no(
            "family", "举报人是否为从业人员家属", "Is the reporter family of an employee?", About.REPORTER
        ),
        _yes_no(
            STAFF_OR_RELATIVE,
            "举报人是否为监管人员或其近亲属",
            "Is the reporter staff of the authority or a relative?",
            About.REPORTER,
        ),
        _yes_no(
            PRINCIPAL,
            "举报人是否为单位主要负责人",
            "Is the reporter the firm's own principal?",
            About.REPORTER,
        ),
        _choice(
            KNOWN_BEFORE,
            Text("举报前是否已掌握", "Was it known before the report?"),
            {
                "no": ("否", "No"),
                "yes": ("是，正在处理", "Yes, and being dealt with"),
                "yes_not_dealt_with": ("是，但未依法处理", "Yes, but not dealt with"),
            },
            about=About.CASE,
        ),
    )
}
"""Facts that a rule set may name under ``uses``; a [[fact]] may give one other words, never another type."""
