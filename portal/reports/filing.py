"""A filing: what somebody tells, read from the answers of a form into one frozen value, with its faults."""

from __future__ import annotations

import hmac
import json
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from email_validator import EmailNotValidError, validate_email

from portal.evidence.staging import Received
from portal.reports import position, questions, receipt, sectors, wording
from portal.reports.faults import Fault, FaultCode
from portal.reports.models import Channel, DangerNow
from portal.reports.situations import SHIPPED, Catalogue
from portal.vault.keys import Keyring, Purpose

NARRATIVE_LEAST = 5
# Longest texts in characters; those of a line never exceed their columns.
LIMITS: dict[str, int] = {
    "narrative": 5000,
    "subject_name": 120,
    "address": 200,
    "happened": 120,
    "name": 60,
    "telephone": 30,
    "email": 120,
    "alert_address": 120,
}
ALERT_CHANNELS = ("sms", "email")

# Every answer that a form may give; anything else posted is not looked at.
ANSWERS = (
    *LIMITS,
    "category",
    "sector",
    "situation",
    "district",
    "danger_now",
    "safe",
    "identity",
    "works_there",
    "alert_channel",
    "consent",
    "notice_version",
    "position",
)

Faults = dict[str, Fault]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """One report as told. Identity and alert address are plain only here and never in a repr."""

    narrative: str
    submission_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    receipt_code: str = field(default_factory=receipt.mint, repr=False)
    channel: Channel = Channel.PORTAL
    locale: str = "zh_Hans"
    sector: str = "other"
    situation: str = ""
    heading: str = ""
    subject_name: str = ""
    district_id: int | None = None
    address: str = ""
    position: str = ""
    danger_now: DangerNow = DangerNow.UNKNOWN
    happened: str = ""
    name: str = field(default="", repr=False)
    telephone: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    works_there: bool = False
    alert_channel: str = ""
    alert_address: str = field(default="", repr=False)
    files: tuple[Received, ...] = ()
    consent_version: str = ""
    extra: questions.Answered = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict, repr=False)  # what was cut out of the texts

    @property
    def title(self) -> str:
        """The heading of the case: the situation's name, else the first words of the text."""
        shipped = sectors.situation(self.situation)
        return self.heading or (shipped.zh if shipped else wording.title(self.narrative))

    def body_digest(self, ring: Keyring) -> bytes:
        """HMAC over all that was told; keyed, because it covers names and telephone numbers."""
        told = [getattr(self, name) for name in _BODY]
        text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        return hmac.digest(ring.current(Purpose.FORM)[1], b"filing body 1\x00" + text.encode(), "sha256")


_BODY = (
    "narrative",
    "sector",
    "situation",
    "subject_name",
    "district_id",
    "address",
    "position",
    "danger_now",
    "happened",
    "extra",
    "name",
    "telephone",
    "email",
    "works_there",
    "alert_channel",
    "alert_address",
)


def tidy(posted: Mapping[str, str]) -> dict[str, str]:
    """Return the known answers with control characters gone and blanks folded."""
    answers = {
        name: wording.lines(posted[name]) if name == "narrative" else wording.line(posted[name])
        for name in ANSWERS
        if posted.get(name)
    }
    return answers | questions.tidy(posted)


def read(
    answers: Mapping[str, str],
    *,
    submission_id: str,
    receipt_code: str,
    today: date,
    districts: Collection[int],
    channel: Channel = Channel.PORTAL,
    locale: str = "zh_Hans",
    files: tuple[Received, ...] = (),
    consent_version: str = "",
    known: Catalogue = SHIPPED,
) -> tuple[Filing, Faults]:
    """Read tidy answers into a filing and say what is wrong; file it only when nothing is."""
    faults = _lengths(answers)
    _check_told(answers, faults, today)
    identity = _identity(answers, faults, by_staff=channel is not Channel.PORTAL)
    alert_channel, alert_address = typed_alert(answers, faults)
    situation = known.situation(answers.get("situation", ""))
    extra, unclear = questions.read(answers, known)
    faults.update(unclear)
    filing = Filing(
        submission_id=submission_id,
        receipt_code=receipt_code,
        channel=channel,
        locale=locale,
        narrative=answers.get("narrative", ""),
        sector=sector_of(answers, known),
        situation=situation.code if situation else "",
        heading=situation.zh if situation else "",
        subject_name=answers.get("subject_name", ""),
        district_id=_district(answers, faults, districts),
        address=answers.get("address", ""),
        position=position.read(answers.get("position", "")),
        danger_now=_danger(answers),
        happened=answers.get("happened", ""),
        name=identity["name"],
        telephone=identity["telephone"],
        email=identity["email"],
        works_there=bool(identity["name"] and answers.get("works_there")),
        alert_channel=alert_channel,
        alert_address=alert_address,
        files=files,
        consent_version=consent_version,
        extra=extra,
    )
    return filing, faults


def sector_of(answers: Mapping[str, str], known: Catalogue = SHIPPED) -> str:
    """The sector: the exact one, else the plain category, else the situation's, else "other"."""
    exact, plain = answers.get("sector", ""), answers.get("category", "")
    situation = known.situation(answers.get("situation", ""))
    for code in (exact, plain if plain != "other" else "", situation.sector if situation else ""):
        if code and sectors.sector(code).code == code:
            return code
    return "other"


def _lengths(answers: Mapping[str, str]) -> Faults:
    return {
        name: Fault(FaultCode.TOO_LONG, {"over": over, "limit": limit})
        for name, limit in LIMITS.items()
        if (over := len(answers.get(name, "")) - limit) > 0
    }


def _check_told(answers: Mapping[str, str], faults: Faults, today: date) -> None:
    narrative = answers.get("narrative", "")
    if not narrative:
        faults["narrative"] = Fault(FaultCode.NARRATIVE_EMPTY)
    elif len(narrative) < NARRATIVE_LEAST:
        faults["narrative"] = Fault(FaultCode.NARRATIVE_SHORT)
    future = [day for day in wording.dates(answers.get("happened", "")) if day > today]
    if future and "happened" not in faults:
        faults["happened"] = Fault(FaultCode.IN_FUTURE, {"day": future[0].isoformat()})


def _identity(answers: Mapping[str, str], faults: Faults, *, by_staff: bool) -> dict[str, str]:
    """Name, telephone and e-mail; empty when anonymous, where nothing of them is kept."""
    given = {name: answers.get(name, "") for name in ("name", "telephone", "email")}
    if answers.get("identity") != "real":
        if any(given.values()):
            faults.setdefault("identity", Fault(FaultCode.NAME_BUT_ANONYMOUS))
        return dict.fromkeys(given, "")
    if not given["name"]:
        faults.setdefault("name", Fault(FaultCode.NAME_EMPTY))
    given["telephone"] = _telephone(given["telephone"], faults, needed=not by_staff)
    given["email"] = _email(given["email"], "email", faults)
    return given


def _telephone(text: str, faults: Faults, *, needed: bool) -> str:
    if not text:
        if needed:
            faults.setdefault("telephone", Fault(FaultCode.TELEPHONE_EMPTY))
        return ""
    number = wording.telephone(text)
    if number is None:
        faults.setdefault("telephone", Fault(FaultCode.TELEPHONE_WRONG))
    return number or ""


def _email(text: str, name: str, faults: Faults) -> str:
    if not text or name in faults:
        return ""
    try:
        return validate_email(text.translate(_FULL_WIDTH), check_deliverability=False).normalized
    except EmailNotValidError:
        faults[name] = Fault(FaultCode.EMAIL_WRONG)
        return ""


# Letters, digits and signs of an address typed with a Chinese keyboard.
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3002: 0x2E, 0x3000: 0x20}


def typed_alert(answers: Mapping[str, str], faults: Faults) -> tuple[str, str]:
    """Channel and address for alerts, both empty when none are wanted."""
    channel, address = answers.get("alert_channel", ""), answers.get("alert_address", "")
    if channel not in ALERT_CHANNELS or "alert_address" in faults:
        return "", ""
    if not address:
        faults["alert_address"] = Fault(FaultCode.ALERT_EMPTY)
    elif channel == "email":
        return channel, _email(address, "alert_address", faults)
    elif number := wording.mobile(address):
        return channel, number
    else:
        faults["alert_address"] = Fault(FaultCode.TELEPHONE_WRONG)
    return "", ""


def _district(answers: Mapping[str, str], faults: Faults, districts: Collection[int]) -> int | None:
    text = answers.get("district", "")
    if not text:
        return None
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
    if number not in districts:
        faults["district"] = Fault(FaultCode.DISTRICT_UNKNOWN)
        return None
    return number


def _danger(answers: Mapping[str, str]) -> DangerNow:
    try:
        return DangerNow(answers.get("danger_now", ""))
    except ValueError:
        return DangerNow.UNKNOWN
