"""The ways an invented case can go: each waits for its next moment, then takes the real step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from portal.cases import rectification
from portal.cases.models import AccidentClass, FindingKind
from portal.cases.steps import Conclusion
from portal.demo.tale import Tale
from portal.rewards.models import PayoutState

Moments = Iterator[datetime]
Way = Callable[[Tale], Moments]

ILLEGAL, MAJOR = FindingKind.ILLEGAL_ACT, FindingKind.MAJOR_HAZARD
ORDINARY, WELDING = FindingKind.ORDINARY_HAZARD, FindingKind.WELDING_VIOLATION
TRUE, PARTLY = Conclusion.TRUE, Conclusion.PARTLY_TRUE


# -- pieces ---------------------------------------------------------------------------------------------


def received(tale: Tale) -> Moments:
    """Filed; nobody looked yet."""
    yield tale.at
    tale.file()


def hurried(tale: Tale) -> Moments:
    """People in danger: somebody undertook it within minutes."""
    yield from received(tale)
    yield tale.at + timedelta(minutes=6)
    tale.undertake_danger()


def accepted(tale: Tale) -> Moments:
    """Filed and accepted on the next working day."""
    yield from received(tale)
    yield tale.office_day()
    tale.accept()


def code_lost(tale: Tale) -> Moments:
    """Accepted; the reporter lost the code and got another one, in person."""
    yield from accepted(tale)
    yield tale.office_day()
    tale.renew_code()


def assigned(tale: Tale) -> Moments:
    """Accepted, and given to the leading department and its officer."""
    yield from accepted(tale)
    yield tale.office_day(0)
    tale.assign()


def undertaken(tale: Tale) -> Moments:
    """Assigned, and taken on by the officer."""
    yield from assigned(tale)
    yield tale.office_day()
    tale.undertake()


def checked(tale: Tale, kind: FindingKind = MAJOR) -> Moments:
    """Checked on site by two officers, with one finding."""
    yield from undertaken(tale)
    yield tale.office_day(2)
    tale.check()
    yield tale.office_day(0)
    tale.find(kind)


def fined(tale: Tale, firm: int, person: int = 0, kind: FindingKind = MAJOR) -> Moments:
    """Verified as true, fined, and answered; the award is proposed by the fine."""
    yield from checked(tale, kind)
    yield tale.office_day(6)
    tale.penalise(firm, person)
    yield tale.office_day(1)
    tale.conclude(TRUE)
    yield tale.office_day(2)
    tale.answer(rewarded=True)


def welded(tale: Tale, yuan: int) -> Moments:
    """A welding violation that was fined; the officer chose the amount of the award."""
    yield from fined(tale, 3_000, 500, WELDING)
    yield tale.office_day(0)
    tale.choose(yuan, "现场危险程度较高，举报线索准确，提供了照片和时间")


def approved(
    tale: Tale, firm: int, person: int = 0, *, kind: FindingKind = MAJOR, employee: bool = False
) -> Moments:
    """Fined, the identity questions answered where there is a name, and the award approved."""
    yield from fined(tale, firm, person, kind)
    if tale.teller.name:
        yield tale.office_day(1)
        tale.identify(employee=employee)
    yield tale.office_day(2)
    tale.approve()


def put_right(tale: Tale) -> Moments:
    """Ordered, begun, re-inspected and signed off."""
    yield tale.office_day(0)
    tale.order(15)
    yield tale.office_day(3)
    tale.put_right(rectification.start)
    yield tale.office_day(9)
    tale.put_right(rectification.reinspect, tale.at, "复查：已按要求整改，现场拍照留存。")
    yield tale.office_day(1)
    tale.put_right(rectification.close)


# -- before the verification ----------------------------------------------------------------------------


def asked(tale: Tale) -> Moments:
    """Received; the office asked where exactly, and waits."""
    yield from received(tale)
    yield tale.office_day()
    tale.ask("请问这辆车一般几点发车，在哪个路口上客？知道车牌后几位也请告诉我们。")


def talked(tale: Tale) -> Moments:
    """Received; the office asked, the reporter answered."""
    yield from received(tale)
    yield tale.office_day()
    tale.ask("请问切割一般在什么时间？从哪个门进去能看到？")
    yield tale.evening(0)
    tale.say("下午三点以后，从西边小门进去，靠着加气站那面墙。老板的车在的时候一般不干。")


def refused(reason: str, where: str) -> Way:
    """Refused, with where to go instead."""

    def way(tale: Tale) -> Moments:
        yield from received(tale)
        yield tale.office_day(2)
        tale.refuse(reason, where)

    return way


def transferred(authority: str, reason: str) -> Way:
    """Passed on to another authority."""

    def way(tale: Tale) -> Moments:
        yield from received(tale)
        yield tale.office_day()
        tale.transfer(authority, reason)

    return way


def withdrawn(tale: Tale) -> Moments:
    """Withdrawn before anybody accepted it."""
    yield from received(tale)
    yield tale.evening()
    tale.withdraw()


def merged(into: str) -> Way:
    """Moved into the case of somebody who told of the same before."""

    def way(tale: Tale) -> Moments:
        yield from received(tale)
        yield tale.office_day()
        tale.merge_into(tale.office.tales[into])

    return way


def unassigned(tale: Tale) -> Moments:
    """Assigned to a department, no officer yet."""
    yield from accepted(tale)
    yield tale.office_day(0)
    tale.assign(officer=False)


# -- being verified -------------------------------------------------------------------------------------


def waiting(tale: Tale) -> Moments:
    """Being verified; a question waits for the reporter."""
    yield from undertaken(tale)
    yield tale.office_day(2)
    tale.ask("我们昨天到现场没有闻到气味。请问哪个单元最明显，一般是什么时候？")


def extended(tale: Tale) -> Moments:
    """Being verified, with more time granted."""
    yield from undertaken(tale)
    yield tale.ago(9)
    tale.extend("设备需要送省级机构检测，检测报告预计两周后出具。")


def called(tale: Tale) -> Moments:
    """Being verified; the intake officer opened the sealed telephone number."""
    yield from undertaken(tale)
    yield tale.office_day()
    tale.open_contact("to_ask_the_place: 现场门牌与描述不一致")
    yield tale.evening(0)
    tale.say("接到电话了，是路南的蓝色大门，不是路北那家。")


def withdrawn_later(tale: Tale) -> Moments:
    """Being verified; the reporter withdrew, the case goes on."""
    yield from undertaken(tale)
    yield tale.evening(2)
    tale.withdraw()


def to_be_chosen(tale: Tale) -> Moments:
    """A welding violation, fined; the officer has not chosen the amount yet."""
    yield from checked(tale, WELDING)
    yield tale.office_day(3)
    tale.penalise(2_000)


def ordered(tale: Tale) -> Moments:
    """Checked, and ordered to be put right."""
    yield from checked(tale, MAJOR)
    yield tale.office_day(0)
    tale.order(20)


def begun(tale: Tale) -> Moments:
    """Checked, ordered, and the work has begun."""
    yield from ordered(tale)
    yield tale.office_day(2)
    tale.put_right(rectification.start)


# -- the end of a verification --------------------------------------------------------------------------


def concluded(outcome: Conclusion, kind: FindingKind = ORDINARY) -> Way:
    """Verified; the answer is still to be written."""

    def way(tale: Tale) -> Moments:
        yield from undertaken(tale)
        yield tale.office_day(3)
        confirmed = outcome in {TRUE, PARTLY}
        tale.check("" if confirmed else "到现场检查，未见举报所述情况，已查阅记录并询问两名工人。")
        if confirmed:
            tale.find(kind)
        yield tale.office_day(2)
        tale.conclude(outcome)

    return way


def answered(outcome: Conclusion, kind: FindingKind = ORDINARY) -> Way:
    """Verified and answered, without a reward; closed when the time for an objection has passed."""

    def way(tale: Tale) -> Moments:
        yield from concluded(outcome, kind)(tale)
        yield tale.office_day(2)
        tale.answer()

    return way


def answered_late(tale: Tale) -> Moments:
    """Verified; the answer is overdue."""
    yield from undertaken(tale)
    yield tale.ago(16)
    tale.check("到现场检查，排水沟已疏通，无法判断此前水位。")
    yield tale.ago(13)
    tale.conclude(Conclusion.CANNOT_BE_CLEARED_UP)


def escalated(tale: Tale) -> Moments:
    """Not put right at the re-inspection: brought before those who can make it happen."""
    yield from answered(TRUE)(tale)
    yield tale.office_day(0)
    tale.order(7)
    yield tale.office_day(9)
    tale.put_right(rectification.reinspect, tale.at, "复查：充电房仍在使用，沙发未清走。")
    yield tale.office_day(1)
    tale.put_right(rectification.escalate, "两次催办未整改，提请区安委会督办")


# -- awards ---------------------------------------------------------------------------------------------


def insider_paid(tale: Tale) -> Moments:
    """An employee whose report led to a fine, put right, approved with the uplift, claimed and paid."""
    yield from fined(tale, 120_000, 20_000)
    yield from put_right(tale)
    yield tale.office_day(0)
    tale.identify(employee=True)
    yield tale.office_day(2)
    tale.approve()
    yield tale.evening(3)
    tale.claim()
    yield tale.office_day(2)
    tale.bank(PayoutState.PAID)


def accident(deaths: int, kind: AccidentClass, firm: int) -> Way:
    """A concealed accident that was confirmed; the award is proposed, the identity questions are open."""

    def way(tale: Tale) -> Moments:
        yield from undertaken(tale)
        yield tale.office_day(4)
        tale.check()
        yield tale.office_day(8)
        tale.find(FindingKind.CONCEALED_ACCIDENT, deaths=deaths, accident=kind)
        yield tale.office_day(5)
        tale.penalise(firm)
        yield tale.office_day(0)
        tale.conclude(TRUE)

    return way


def accident_paid(tale: Tale) -> Moments:
    """A concealed accident with three deaths, told of by an employee: approved, claimed, paid."""
    yield from accident(3, AccidentClass.LARGER, 600_000)(tale)
    yield tale.office_day(2)
    tale.answer(rewarded=True)
    yield tale.office_day(1)
    tale.identify(employee=True)
    yield tale.office_day(3)
    tale.approve()
    yield tale.evening(5)
    tale.claim()
    yield tale.office_day(3)
    tale.bank(PayoutState.PAID)


def welding(yuan: int, *, back: bool = False) -> Way:
    """A welding award that waits for finance, or that finance sent back."""

    def way(tale: Tale) -> Moments:
        yield from welded(tale, yuan)
        yield tale.office_day(1)
        tale.identify()
        if back:
            yield tale.office_day(1)
            tale.send_back("选定金额接近上限，请补充说明现场危险程度的依据")

    return way


def welding_banked(yuan: int, *states: PayoutState) -> Way:
    """A welding award, approved and claimed, and what the bank did with it."""

    def way(tale: Tale) -> Moments:
        yield from welding(yuan)(tale)
        yield tale.office_day(2)
        tale.approve()
        yield tale.evening(2)
        tale.claim()
        for state in states:
            yield tale.office_day(2)
            tale.bank(state)

    return way


def told(firm: int, person: int = 0, *, rectified: bool = False) -> Way:
    """Approved; the reporter was told, and has not claimed."""

    def way(tale: Tale) -> Moments:
        yield from approved(tale, firm, person)
        if rectified:
            yield tale.office_day(0)
            tale.order(12)
            yield tale.office_day(4)
            tale.put_right(rectification.start)

    return way


def reinspected(tale: Tale) -> Moments:
    """Approved and told; the danger was looked at again, and not signed off yet."""
    yield from approved(tale, 80_000, 10_000)
    yield tale.office_day(0)
    tale.order(5)
    yield tale.office_day(3)
    tale.put_right(rectification.reinspect, tale.at, "复查：钢丝绳已更换，等待检测报告。")


def claimed(firm: int, *states: PayoutState, holder: str = "", named_after: bool = False) -> Way:
    """Approved and claimed, and what the bank did with it; who was anonymous gives a name by it."""

    def way(tale: Tale) -> Moments:
        yield from approved(tale, firm, 5_000, kind=ILLEGAL)
        yield tale.evening(3)
        tale.claim(holder)
        if named_after:
            yield tale.office_day(1)
            tale.identify()
        for state in states:
            yield tale.office_day(2)
            tale.bank(state)

    return way


def unknown_extended(tale: Tale) -> Moments:
    """Claimed, the bank's answer not known; what was ordered got more time."""
    yield from checked(tale, MAJOR)
    yield tale.office_day(0)
    tale.order(6)
    yield tale.office_day(7)
    tale.put_right(rectification.reinspect, tale.at, "复查：除尘器已到货，尚未安装。")
    yield tale.office_day(0)
    tale.more_time(30, "设备供货延迟，企业已停产等待安装")
    yield tale.office_day(1)
    tale.penalise(60_000)
    yield tale.office_day(0)
    tale.conclude(TRUE)
    yield tale.office_day(1)
    tale.answer(rewarded=True)
    yield tale.office_day(1)
    tale.identify()
    yield tale.office_day(1)
    tale.approve()
    yield tale.evening(1)
    tale.claim()
    yield tale.office_day(1)
    tale.bank(PayoutState.UNKNOWN)


def forfeited(tale: Tale) -> Moments:
    """Approved and told; the reporter withdrew instead of claiming."""
    yield from approved(tale, 40_000, kind=MAJOR)
    yield tale.evening(4)
    tale.withdraw()


def proposed(tale: Tale) -> Moments:
    """Fined and answered; the award waits for finance."""
    yield from fined(tale, 5_000, kind=ILLEGAL)


def award_refused(tale: Tale) -> Moments:
    """Fined and answered; finance refused the award."""
    yield from proposed(tale)
    yield tale.office_day(3)
    tale.refuse_award("本机关在举报前已立案查处同一事项，不符合奖励条件")


def no_penalty_paid(tale: Tale) -> Moments:
    """No penalty, for a reason; the lowest reward, approved, claimed and paid."""
    yield from checked(tale, MAJOR)
    yield tale.office_day(3)
    tale.no_penalty("首次违法且当场改正，危害后果轻微，依法不予处罚")
    yield tale.office_day(0)
    tale.conclude(TRUE)
    yield tale.office_day(1)
    tale.answer(rewarded=True)
    yield tale.office_day(0)
    tale.choose(3_000, "没有罚款的，按照规则确认最低奖励")
    yield from put_right(tale)
    yield tale.office_day(0)
    tale.identify()
    yield tale.office_day(1)
    tale.approve()
    yield tale.evening(2)
    tale.claim()
    yield tale.office_day(2)
    tale.bank(PayoutState.PAID)
