"""Answers to the further questions of a sector: read from a form, kept with the words of the question."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from portal.reports import wording
from portal.reports.catalogue import QuestionKind
from portal.reports.faults import Fault, FaultCode
from portal.reports.situations import YES_NO, Catalogue, Question

FIELD = re.compile(r"q_[a-z][a-z0-9_]{1,38}")
MOST = 60
LONGEST = 200

Answered = dict[str, dict[str, str]]


def tidy(posted: Mapping[str, str]) -> dict[str, str]:
    """Return what was answered under names of questions, with control characters gone."""
    names = [name for name in posted if FIELD.fullmatch(name)][:MOST]
    answers = {name: wording.line(posted[name])[: LONGEST * 5] for name in names}
    return {name: text for name, text in answers.items() if text}


def read(answers: Mapping[str, str], known: Catalogue) -> tuple[Answered, dict[str, Fault]]:
    """Return the answers by key, each with the words of its question, and what is wrong."""
    answered: Answered = {}
    faults: dict[str, Fault] = {}
    for key, question in known.questions.items():
        name = f"q_{key}"
        if not answers.get(name):
            continue
        told = _answer(question, answers[name])
        if isinstance(told, Fault):
            faults[name] = told
        else:
            answered[key] = {"zh": question.zh, "en": question.en, "told_zh": told[0], "told_en": told[1]}
    return answered, faults


def _answer(question: Question, text: str) -> tuple[str, str] | Fault:
    """Return the answer in Chinese and English, or why it is none."""
    if question.kind is QuestionKind.YES_NO:
        return YES_NO.get(text) or Fault(FaultCode.CHOICE_UNKNOWN)
    if question.kind is QuestionKind.CHOICE:
        chosen = next((pair for pair in question.choices if pair[0] == text), None)
        return chosen or Fault(FaultCode.CHOICE_UNKNOWN)
    if question.kind is QuestionKind.NUMBER:
        digits = unicodedata.normalize("NFKC", text).strip()
        if not (digits.isascii() and digits.isdigit()) or len(digits) > 6:
            return Fault(FaultCode.NUMBER_WRONG)
        return str(int(digits)), str(int(digits))
    if len(text) > LONGEST:
        return Fault(FaultCode.TOO_LONG, {"over": len(text) - LONGEST, "limit": LONGEST})
    return text, text


def lines(answered: Mapping[str, Mapping[str, str]], locale: str) -> list[tuple[str, str]]:
    """Return question and answer in a language, in the order in which they were asked."""
    tongue = "zh" if locale.startswith("zh") else "en"
    return [(one[tongue], one[f"told_{tongue}"]) for one in answered.values()]
