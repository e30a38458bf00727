"""What people do in one round: a reporter on the public face, the staff on the desk."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pikepdf
import pyotp
from flask import Flask
from PIL import Image
from sqlalchemy import select

from portal import clock
from portal.cases.models import Case
from portal.cases.steps import CaseStatus, Conclusion
from portal.database import db
from portal.people import accounts
from portal.people.accounts import NewAccount
from portal.people.permissions import Role
from portal.public.visit import COOKIE
from portal.reports.models import Report
from portal.rewards import awards, fund
from tests.rewards.world import TOTAL, World, answer, finding
from tests.seizure.asking import Answer, Browser, File, sends
from tests.seizure.canaries import Kind, Planted

CODE = re.compile(r"<li>([0-9A-Z]{5})</li>")
NUMBER = re.compile(r"\b[A-Z]{2,4}-\d{4}-\d{6}\b")
LINK = re.compile(r"/desk/invitation#([\w-]{43})")
SECRET = re.compile(r"secret=([A-Z2-7]+)")
RECOVERY = re.compile(r"<li>((?:[0-9A-Z]{4}-){5}[0-9A-Z]{4})</li>")
ADMINISTRATORS_PASSWORD = "sieben Spechte im Obstgarten"


def well(answer: Answer, *statuses: int) -> Answer:
    """The answer, when it is one that was hoped for."""
    assert answer.status in (statuses or (200, 302, 303)), (answer.status, answer.text[-3000:])
    return answer


def photo(planted: Planted) -> File:
    """A photograph with author, serial number and a small preview inside, under a telling name."""
    preview, picture = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (160, 120), "green").save(preview, "JPEG", comment=planted.exif)
    exif = Image.Exif()
    exif[0x013B] = exif[0x010E] = planted.exif
    exif.get_ifd(0x8769).update({0xA430: planted.exif, 0xA431: planted.exif, 0x927C: preview.getvalue()})
    exif.get_ifd(0x8825).update({1: "N", 2: (36.0, 5.0, 51.4), 3: "E", 4: (114.0, 21.0, 0.1)})
    Image.new("RGB", (800, 600), "brown").save(picture, "JPEG", exif=exif, comment=planted.exif)
    return f"{planted.file_name}.jpg", picture.getvalue()


def document(planted: Planted) -> File:
    """A PDF that names its author."""
    out, pdf = io.BytesIO(), pikepdf.new()
    pdf.add_blank_page()
    pdf.docinfo["/Author"] = planted.pdf_author
    pdf.save(out)
    return f"{planted.file_name}.pdf", out.getvalue()


@dataclass
class Reporter:
    """Somebody with something to tell and something to lose."""

    browser: Browser
    planted: Planted
    code: str = ""
    number: str = ""
    answers: dict[str, str] = field(default_factory=dict)

    def does_everything(self) -> None:
        """All but the claim, which waits for an award."""
        self.begins_a_form_and_leaves_it()
        self.files_for_alerts_by_sms()
        self.files_with_a_name()
        self.comes_back()

    def begins_a_form_and_leaves_it(self) -> None:
        said = sends(self.browser, "/report", "/report/keep", narrative=f"还没写完：{self.planted.unsent}")
        assert json.loads(well(said).text)["said"]

    def files_for_alerts_by_sms(self) -> None:
        told = {
            "narrative": "安全出口一直堵着。",
            "alert_channel": "sms",
            "alert_address": self.planted.alert_sms,
        }
        page = well(sends(self.browser, "/report", action="send", consent="yes", **told))
        self.planted.mint(Kind.RECEIPT, "".join(CODE.findall(page.text)))

    def typed(self) -> dict[str, str]:
        """What stands in the form with a name."""
        planted = self.planted
        text = (
            f"{planted.text}，东门锁着。打我电话 {planted.wide_number}，证件 {planted.spaced_identity}。"
            f"另一个号：{planted.missed}。"
        )
        return {
            "narrative": text,
            "subject_name": f"{planted.place}家具厂",
            "address": f"{planted.place}路 27 号",
            "identity": "real",
            "name": planted.name,
            "telephone": planted.telephone,
            "email": planted.email,
            "works_there": "yes",
            "alert_channel": "email",
            "alert_address": planted.alert_mail,
            "consent": "yes",
        }

    def files_with_a_name(self) -> None:
        """Everything at once; what was found in the text is cut out."""
        files = (photo(self.planted), document(self.planted))
        asked = well(sends(self.browser, "/report", files=files, action="send", **self.typed()))
        assert 'value="cut"' in asked.text, asked.text[-3000:]
        page = well(self.browser.post("/report", {**asked.hidden, "found": "cut", "action": "send"}))
        self.code = self.planted.mint(Kind.RECEIPT, "".join(CODE.findall(page.text)))
        assert len(self.code) == 25, page.text[-3000:]
        self.planted.mint(Kind.RECEIPT, "-".join(CODE.findall(page.text)))
        self.number = NUMBER.findall(page.text)[0]
        well(self.browser.post("/report/note", {**page.hidden, "code": self.code}))

    def enters(self) -> None:
        """Open a visit."""
        well(sends(self.browser, "/track", code=self.code), 303)

    def comes_back(self) -> None:
        """Type a wrong code, then the right one, read, write a message with an account number."""
        well(sends(self.browser, "/track", code="AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"), 422)
        self.enters()
        said = f"{self.planted.message}，卡号 {self.planted.cut_account}。"
        asked = well(sends(self.browser, "/track/report", message=said))
        well(self.browser.post("/track/report", {**asked.hidden, "found": "cut", "action": "send"}), 303)
        assert self.planted.message in well(self.browser.get("/track/report")).text

    def claims(self) -> None:
        """Say where the money goes."""
        payee = {"holder": self.planted.holder, "bank": "中国工商银行", "account": self.planted.account}
        typed = {**payee, "code": self.code, "consent": "1"}
        wrong = {**typed, "code": "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"}
        well(sends(self.browser, "/track/claim", **wrong), 422)
        well(sends(self.browser, "/track/claim", **typed), 303)

    def token(self, app: Flask) -> str:
        """What the visit's cookie holds."""
        return str(cookie_of(app, self.browser)[COOKIE])


def cookie_of(app: Flask, browser: Browser) -> dict[str, str]:
    """Open the session cookie of a browser."""
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    assert serializer is not None
    return dict(serializer.loads(browser.cookie()))


@dataclass
class Office:
    """The staff on the desk; an administrator invites them."""

    app: Flask
    planted: Planted
    secrets: dict[str, str] = field(default_factory=dict)

    def administrator(self, browser: Browser, username: str) -> Browser:
        """Somebody who may invite, logged in."""
        with self.app.app_context():
            new = NewAccount(name="李娜", username=username, roles=frozenset({Role.ADMINISTRATOR}))
            ring = self.app.extensions["portal_keyring"]
            _, secret = accounts.create(ring, new, ADMINISTRATORS_PASSWORD, datetime.now(UTC))
            db.session.commit()
        code = pyotp.TOTP(secret).now()
        typed = {"username": username, "password": ADMINISTRATORS_PASSWORD, "code": code}
        well(sends(browser, "/desk/login", **typed), 302)
        return browser

    def invites(self, administrator: Browser, browser: Browser, username: str, role: Role) -> Browser:
        """Somebody new, who chooses a password, sets up a telephone and is in."""
        page = well(
            sends(administrator, "/desk/people/new", name="王建国", username=username, roles=role.value)
        )
        token = self.planted.mint(Kind.LINK, LINK.findall(page.text)[0])
        choose = well(sends(browser, "/desk/invitation", token=token))
        secret = self.planted.mint(Kind.TOTP, SECRET.findall(choose.text)[0])
        chosen = {"token": token, "new": self.planted.password, "again": self.planted.password}
        code = pyotp.TOTP(secret).now()
        shown = well(browser.post("/desk/invitation", {**choose.hidden, **chosen, "code": code}), 200)
        self.planted.mint(Kind.RECOVERY, RECOVERY.findall(shown.text)[0])
        self.planted.mint(Kind.SESSION, cookie_of(self.app, browser)["_user_id"])
        return browser

    def enters_a_call(self, officer: Browser) -> None:
        """Type in what a caller told, with files that came by letter; the sheet shows the receipt code."""
        planted = self.planted
        typed = {
            "channel": "letter",
            "narrative": f"{planted.text}，来信说的。",
            "identity": "real",
            "name": planted.name,
            "telephone": planted.telephone,
        }
        files = (photo(planted), document(planted))
        sheet = well(sends(officer, "/desk/reports/new", files=files, **typed), 200)
        planted.mint(Kind.RECEIPT, "-".join(CODE.findall(sheet.text)))

    def reveals(self, browser: Browser, path: str, to: str = "", **typed: str) -> str:
        """Open something sealed for a reason; returns the page that shows it."""
        because = {"reason": f"{self.planted.reason}，去现场前要问路", **typed}
        return well(sends(browser, path, to, **because), 200).text

    def awards(self, number: str) -> str:
        """Let a report be confirmed, its reward proposed and approved; returns the award's number."""
        with self.app.app_context():
            at, world = datetime.now(UTC), World()
            report = db.session.scalars(select(Report).where(Report.number == number)).one()
            case = db.session.get_one(Case, report.case_id)
            case.status, case.conclusion, case.concluded_at = CaseStatus.CONCLUDED, Conclusion.TRUE, at
            case.department_id, case.officer_id = world.department_id, world.person("verifier").id
            finding(world, case, firm=100_000)
            fund.add_budget(at.year, TOTAL, "test", world.actor("finance"), at)
            award = awards.propose_if_payable(case, world.actor("verifier"), at)
            assert award is not None
            answer(world, report)
            decision = awards.Decision(award.id, award.version, award.amount_fen)
            awards.approve(decision, world.actor("finance"), at, claim_days=60)
            db.session.commit()
            return award.number

    @property
    def today(self) -> str:
        """The day in the city, as a form sends it."""
        return clock.city_date(clock.now(), self.app.extensions["portal_settings"].zone).isoformat()

    def pays(self, cashier: Browser, number: str) -> None:
        """Record what the bank did."""
        path = f"/desk/payouts/{number}"
        said = {"state": "paid", "reference": "HX20261110", "paid_on": self.today}
        well(sends(cashier, path, **said), 302)
