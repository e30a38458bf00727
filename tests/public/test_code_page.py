"""If these fail, an officer who once saw a code can take the reward, or an owner is shut out of a report."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier
from time import sleep

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from portal import clock
from portal.audit.models import Event
from portal.cases import renewal
from portal.clock import frozen
from portal.database import db
from portal.errors import Refusal
from portal.public import guesses
from portal.reports import codes, receipt, replacement, visits
from portal.reports.models import Report, Visit
from portal.rewards import shares
from portal.rewards.steps import ShareStatus
from portal.vault.keys import Purpose
from portal.vault.models import FieldGroup, SealedField
from tests.fixtures.own import at_once
from tests.fixtures.pages import english_words
from tests.fixtures.visitors import enter, field_of, make_receipt, token_of
from tests.public.test_claim import TYPED, rewarded, visiting
from tests.reports.lost import Office, asked, give_code, printed, seal_name
from tests.rewards.world import AT, World, approved, keyring, luhn_card, payee

PATH = "/track/code"


@pytest.fixture
def world(app: Flask) -> World:
    made = World()
    made.fund()
    return made


def form_of(page: str) -> dict[str, str]:
    """The hidden fields of the page's own form."""
    return {"csrf_token": token_of(page), "offer": field_of(page, "offer")}


def shown_code(page: str) -> str:
    """The code that a page shows."""
    return "".join(part.split("</li>")[0] for part in page.split('id="receipt-code"')[1].split("<li>")[1:6])


def offered(client: FlaskClient, code: str) -> tuple[dict[str, str], str]:
    """Type the present code; returns the second page's form and the new code."""
    first = form_of(client.get(PATH).text)
    second = client.post(PATH, data={**first, "code": code})
    assert second.status_code == 200
    return form_of(second.text), shown_code(second.text)


def replaced(client: FlaskClient, code: str) -> tuple[TestResponse, str]:
    form, new = offered(client, code)
    return client.post(PATH, data={**form, "end": new[-5:]}), new


def replaced_events() -> int:
    return db.session.query(Event).filter_by(action="code_replaced").count()


def test_the_owner_replaces_the_code_and_the_old_one_opens_nothing(app: Flask, client: FlaskClient) -> None:
    report, old = make_receipt()
    report.code_known_to_staff = True
    report.receipt_key_id = "earlier"
    elsewhere = app.test_client()
    enter(client, old)
    enter(elsewhere, old)
    answer, new = replaced(client, old)
    assert answer.status_code == 200
    assert shown_code(answer.text) == new
    assert visits.find_report(old) is None
    assert visits.find_report(new) is report
    assert not report.code_known_to_staff
    assert report.receipt_key_id == keyring().current(Purpose.RECEIPT)[0]
    assert client.get("/track/report").status_code == 200  # this visit goes on
    assert elsewhere.get("/track/report").status_code == 302
    assert replaced_events() == 1


def test_the_same_form_sent_again_shows_the_same_code_and_is_one_event(client: FlaskClient) -> None:
    """A lost answer or a double click would leave the owner with a code that never was."""
    _report, old = make_receipt()
    enter(client, old)
    first = form_of(client.get(PATH).text)
    pages = [client.post(PATH, data={**first, "code": old}).text for _ in range(2)]
    assert shown_code(pages[0]) == shown_code(pages[1])
    new, form = shown_code(pages[0]), form_of(pages[0])
    answers = [client.post(PATH, data={**form, "end": new[-5:]}) for _ in range(3)]
    assert {(one.status_code, shown_code(one.text)) for one in answers} == {(200, new)}
    # Also the first page's form, sent once more after all is done.
    assert shown_code(client.post(PATH, data={**first, "code": old}).text) == new
    assert replaced_events() == 1


def test_nothing_is_changed_before_the_end_was_typed(client: FlaskClient) -> None:
    """Whoever loses the page on the way could never come back."""
    report, old = make_receipt()
    enter(client, old)
    form, new = offered(client, old)
    assert visits.find_report(old) is report
    for typed in ("", "XXXXX", new[:5], old[-5:], "\x00", "码" * 50):
        answer = client.post(PATH, data={**form, "end": typed})
        assert answer.status_code == 422
        assert shown_code(answer.text) == new
    assert visits.find_report(old) is report
    assert visits.find_report(new) is None
    assert replaced_events() == 0


@pytest.mark.parametrize("shape", [str.lower, lambda end: f" {end[:2]}-{end[2:]} "])
def test_the_end_is_taken_however_it_is_typed(client: FlaskClient, shape: object) -> None:
    report, old = make_receipt()
    enter(client, old)
    form, new = offered(client, old)
    assert client.post(PATH, data={**form, "end": shape(new[-5:])}).status_code == 200  # type: ignore[operator]
    assert visits.find_report(new) is report


def test_who_finds_the_page_open_sees_no_code(client: FlaskClient) -> None:
    report, old = make_receipt()
    enter(client, old)
    form = form_of(client.get(PATH).text)
    answer = client.post(PATH, data={**form, "code": receipt.mint()})
    assert answer.status_code == 422
    assert 'id="receipt-code"' not in answer.text
    # The form of the first page does not stand for the second.
    assert client.post(PATH, data={**form, "end": "00000"}).status_code == 422
    replaced(client, old)
    # Nor does it show what is valid now to somebody without the old code.
    again = client.post(PATH, data={**form, "code": receipt.mint()})
    assert 'id="receipt-code"' not in again.text
    assert report.receipt_digest


def test_wrong_codes_are_counted_with_all_others(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever finds a page open could try the code here for ever."""
    _report, old = make_receipt()
    enter(client, old)
    tries: list[int] = []
    monkeypatch.setattr(guesses, "begin_try", lambda: tries.append(1) or (5 if len(tries) > 10 else 0))
    form = form_of(client.get(PATH).text)
    answers = [client.post(PATH, data={**form, "code": receipt.mint()}).status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]
    assert client.post(PATH, data={**form, "code": old}).status_code == 429


def test_an_offer_of_another_visit_or_report_is_none(app: Flask, client: FlaskClient) -> None:
    """Somebody could send a victim a form whose code the sender knows."""
    mine, my_code = make_receipt()
    _theirs, their_code = make_receipt()
    other = app.test_client()
    enter(client, my_code)
    enter(other, their_code)
    form, new = offered(other, their_code)
    second = app.test_client()
    enter(second, my_code)
    own_form, own_new = offered(second, my_code)
    token = token_of(client.get(PATH).text)
    for offer, end in ((form["offer"], new), (own_form["offer"], own_new), ("", ""), ("x" * 3000, "x")):
        answer = client.post(PATH, data={"csrf_token": token, "offer": offer, "end": end[-5:]})
        assert answer.status_code == 400
        assert 'id="receipt-code"' not in answer.text
    assert visits.find_report(my_code) is mine


def test_without_a_token_nothing_is_replaced(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    report, old = make_receipt()
    enter(client, old)
    form, new = offered(client, old)
    answer = client.post(PATH, data={"offer": form["offer"], "end": new[-5:]})
    assert answer.status_code == 400
    assert shown_code(answer.text) == new
    assert visits.find_report(old) is report


def test_two_windows_one_wins_and_the_other_is_told(client: FlaskClient) -> None:
    report, old = make_receipt()
    enter(client, old)
    one, first = offered(client, old)
    two, second = offered(client, old)
    assert client.post(PATH, data={**one, "end": first[-5:]}).status_code == 200
    late = client.post(PATH, data={**two, "end": second[-5:]})
    assert late.status_code == 409
    assert "另一个窗口" in late.text
    assert second not in late.text
    assert visits.find_report(first) is report
    assert visits.find_report(second) is None


def test_the_codes_stand_in_no_address_event_or_log(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    _report, old = make_receipt()
    enter(client, old)
    answer, new = replaced(client, old)
    kept = caplog.text + str(answer.headers) + str([vars(one) for one in db.session.scalars(select(Event))])
    with client.session_transaction() as cookie:
        kept += str(dict(cookie))
    assert old not in kept
    assert new not in kept
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_dead_code_gets_the_answer_of_an_absent_one(client: FlaskClient) -> None:
    """Who once had the code would learn that it was one."""
    _report, old = make_receipt()
    enter(client, old)
    replaced(client, old)
    client.post("/track/leave")
    pages = []
    for typed in (old, receipt.mint()):
        answer = enter(client, typed)
        token = token_of(answer.text)
        pages.append(
            (answer.status_code, answer.text.replace(typed, "").replace(token, ""), len(answer.data))
        )
    assert pages[0] == pages[1]


def test_a_report_that_staff_typed_in_says_so_until_the_code_was_replaced(client: FlaskClient) -> None:
    report, old = make_receipt()
    report.code_known_to_staff = True
    enter(client, old)
    assert "工作人员看到过这个查询码" in client.get("/track/report").text
    assert "工作人员看到过" in client.get(PATH).text
    replaced(client, old)
    page = client.get("/track/report").text
    assert "工作人员看到过" not in page
    assert "您更换了查询码" in page


def test_nothing_is_claimed_while_staff_know_the_code(app: Flask, world: World) -> None:
    """The officer who typed a call in could give the own account."""
    report = rewarded(world)
    browser, code = visiting(app, report)
    with frozen(AT):
        opened = browser.get("/track/claim")  # opened before an officer saw the code
        report.code_known_to_staff = True
        form = {**browser.hidden(opened), **TYPED, "account": luhn_card(), "code": code}
        refused = browser.client.post("/track/claim", data=form)
        assert refused.status_code == 409
        assert "An officer has seen the receipt code" in refused.text
        led = browser.client.get("/track/claim")
        assert (led.status_code, led.headers["Location"]) == (303, PATH)
        assert "An officer has seen the receipt code" in browser.get(PATH)
        assert "replace it first" in browser.get("/track/report")
        with pytest.raises(codes.CodeKnownToStaff):
            shares.claim(report, payee(), AT, keyring())
        sealed = select(SealedField).where(SealedField.field_group == FieldGroup.PAYEE)
        assert db.session.scalar(sealed) is None
        answer, new = replaced(browser.client, code)
        assert "Continue to claim" in answer.text
        done = browser.post("/track/claim", **TYPED, account=luhn_card(), code=new)
    assert done.status_code == 303
    assert shares.shares_of(report.id)[0].status is ShareStatus.CLAIMED


def test_an_account_is_not_changed_either_while_staff_know_the_code(world: World) -> None:
    report = rewarded(world)
    shares.claim(report, payee(), AT, keyring())
    report.code_known_to_staff = True
    with pytest.raises(codes.CodeKnownToStaff):
        shares.claim(report, payee(luhn_card("622202020011224")), AT, keyring())


def test_after_a_renewal_the_claim_waits_and_the_reward_waits_with_it(app: Flask, world: World) -> None:
    """Somebody with a false document would be faster than the owner's alert."""
    report = rewarded(world)
    share = shares.shares_of(report.id)[0]
    assert share.claim_by is not None
    share.claim_by = AT + timedelta(hours=1)
    _row, code = printed(report, Office())
    browser, code = visiting(app, report)
    with frozen(AT):
        replaced(browser.client, code)
        page = browser.get("/track/report")
        assert "you can claim from" in page
        assert browser.client.get("/track/claim").headers["Location"] == "/track/report"
        assert "nothing can be claimed before" in browser.get("/track/report")
        with pytest.raises(codes.ClaimOnHold):
            shares.claim(report, payee(), AT, keyring())
    later = AT + codes.HOLD
    assert shares.expire_shares(later) == 0
    assert shares.claim(report, payee(), later, keyring()).status is ShareStatus.CLAIMED


def test_a_reward_that_waited_for_a_renewed_code_expires_in_the_end(world: World) -> None:
    report = rewarded(world)
    shares.shares_of(report.id)[0].claim_by = AT + timedelta(hours=1)
    printed(report, Office())
    over = AT + codes.HOLD + shares.AFTER_HOLD + timedelta(seconds=1)
    assert shares.expire_shares(over) == 1


def test_the_owner_sees_a_request_for_a_new_code_and_ends_it_by_replacing(
    app: Flask, client: FlaskClient
) -> None:
    """A stranger with a false document could not be stopped by whoever has the code."""
    report, old = make_receipt()
    seal_name(report)
    office = Office()
    with frozen(AT):
        row = asked(report, office.actor("first"))
        db.session.commit()
        enter(client, old)
        assert "有人申请补发这件举报的查询码" in client.get("/track/report").text
        replaced(client, old)
        assert "有人申请补发这件举报的查询码" not in client.get("/track/report").text
        with pytest.raises(renewal.RequestOver):
            renewal.answer(row.id, True, office.actor("second"), AT)


def test_pages_in_both_languages_and_no_english_on_the_chinese_ones(app: Flask, client: FlaskClient) -> None:
    report, old = make_receipt()
    report.code_known_to_staff = True
    enter(client, old)
    first = client.get(PATH).text
    second = client.post(PATH, data={**form_of(first), "code": old}).text
    done = client.post(PATH, data={**form_of(second), "end": shown_code(second)[-5:]}).text
    for page in (first, second, done):
        for part in receipt.groups(shown_code(page)) if "receipt-code" in page else []:
            page = page.replace(part, "")
        assert english_words(page, frozenset({"English", "Ctrl"})) in ([], ["I", "L", "O", "U"]), page
    with client.session_transaction() as cookie:
        cookie["lang"] = "en"
    assert "Replace the receipt code" in client.get(PATH).text


def test_a_claim_and_a_replacement_at_once_follow_each_other(module_app: Flask) -> None:
    """The officer's claim would slip in with the old code while the owner replaces it."""
    with module_app.app_context():
        world = World()
        world.fund()
        report = db.session.get_one(Report, approved(world).shares[0].report_id)
        old = give_code(report)
        report.code_known_to_staff = True
        tokens = [visits.begin(report, AT) for _ in range(2)]
        db.session.commit()
        report_id, ring, new = report.id, keyring(), receipt.mint()
        offer = replacement.Offer(new, report.receipt_digest, proved=True)
        db.session.remove()

    def claiming() -> None:
        visit = visits.current(tokens[0], AT)
        if visit is None or visits.hold(visit) is None or not visits.confirm_code(visit, old):
            raise Refusal
        shares.claim(visits.report_of(visit), payee(), AT, ring)

    def replacing() -> None:
        visit = visits.current(tokens[1], AT)
        if visit is None or visits.hold(visit) is None:
            raise Refusal
        replacement.put_in_place(offer, visit, AT, ring)

    came = at_once(module_app, [replacing, *[claiming] * 6])
    assert came["done"] == 1  # the replacement; no claim was taken with the old code
    with module_app.app_context():
        assert db.session.get_one(Report, report_id).code_known_to_staff is False
        assert shares.shares_of(report_id)[0].status is ShareStatus.NOTIFIED
        db.session.remove()


def test_a_claim_that_waits_for_the_replacement_is_refused(module_app: Flask) -> None:
    """Its code was looked at a moment before it died."""
    with module_app.app_context():
        world = World()
        world.fund()
        report = db.session.get_one(Report, approved(world).shares[0].report_id)
        browser, old = visiting(module_app, report)
        report_id, ring = report.id, keyring()
        with frozen(AT):
            form = {**browser.hidden(browser.get("/track/claim")), **TYPED, "account": luhn_card()}
        db.session.remove()

    def claiming() -> int:
        with frozen(AT):
            return browser.client.post("/track/claim", data={**form, "code": old}).status_code

    with module_app.app_context(), ThreadPoolExecutor(1) as pool:
        codes.put(codes.lock_report(report_id), receipt.mint(), ring, known_to_staff=False)
        visits.end_all(report_id, AT)
        late = pool.submit(claiming)
        sleep(0.5)  # until it waits; had it not begun by then, it would be refused all the same
        db.session.commit()
        assert late.result() == 403
        assert shares.shares_of(report_id)[0].status is ShareStatus.NOTIFIED
        db.session.remove()


def test_many_replacements_at_once_are_one(module_app: Flask) -> None:
    with module_app.app_context():
        report = rewarded_alone()
        tokens = [visits.begin(report, AT) for _ in range(6)]
        offers = [replacement.Offer(receipt.mint(), report.receipt_digest, proved=True) for _ in tokens]
        db.session.commit()
        report_id, ring = report.id, keyring()
        db.session.remove()

    def replacing(token: str, offer: replacement.Offer) -> None:
        visit = visits.current(token, AT)
        if visit is None or visits.hold(visit) is None:
            raise Refusal
        replacement.put_in_place(offer, visit, AT, ring)

    pairs = list(zip(tokens, offers, strict=True))
    came = at_once(module_app, [partial(replacing, *pair) for pair in pairs])
    assert came == Counter({"Refusal": 5, "done": 1})
    with module_app.app_context():
        report = db.session.get_one(Report, report_id)
        assert sum(codes.is_digest_of(one.code, report.receipt_digest, ring) for one in offers) == 1
        open_visits = select(Visit).where(Visit.report_id == report_id, Visit.ended_at.is_(None))
        assert len(db.session.scalars(open_visits).all()) == 1
        mine = select(func.count()).where(Event.action == "code_replaced", Event.report_id == report_id)
        assert db.session.scalar(mine) == 1
        db.session.remove()


def test_whatever_several_windows_do_at_once_nobody_gets_an_error_page(module_app: Flask) -> None:
    """Two steps that lock report and visits in another order would wait for each other until one breaks."""
    with module_app.app_context():
        report, old = make_receipt()
        seal_name(report)
        db.session.commit()
        report_id = report.id
        db.session.remove()
    windows = [module_app.test_client() for _ in range(5)]
    assert [enter(window, old).status_code for window in windows] == [303] * 5
    offers = [offered(window, old) for window in windows[:2]]
    token, once = (field_of(windows[4].get("/track/report").text, name) for name in ("csrf_token", "once"))
    with module_app.app_context():  # so long ago that each window notes once more that somebody is here
        visit_rows = update(Visit).where(Visit.report_id == report_id)
        db.session.execute(visit_rows.values(seen_at=clock.now() - timedelta(minutes=2)))
        db.session.commit()
        db.session.remove()
    forms: list[tuple[str, dict[str, str]]] = [(PATH, {**form, "end": new[-5:]}) for form, new in offers]
    for window, path in ((windows[2], "/track/withdraw"), (windows[3], "/track/erase")):
        forms.append((path, {"csrf_token": token_of(window.get(path).text), "kinds": "name", "code": old}))
    forms.append(("/track/report", {"csrf_token": token, "once": once, "message": "还在冒烟。"}))
    gate = Barrier(len(forms))

    def press(window: FlaskClient, path: str, form: dict[str, str]) -> int:
        gate.wait()
        return window.post(path, data=form).status_code

    with ThreadPoolExecutor(len(forms)) as pool:
        answered = list(pool.map(press, windows, *zip(*forms, strict=True)))
    assert sorted(answered[:2])[0] == 200
    assert set(answered) <= {200, 303, 403, 409}


def rewarded_alone() -> Report:
    report, _code = make_receipt()
    return report


def test_without_a_visit_the_code_is_asked_for(client: FlaskClient) -> None:
    make_receipt()
    assert client.get(PATH).headers["Location"] == "/track"
    assert client.post(PATH, data={"csrf_token": token_of(client.get("/track").text)}).status_code == 403
