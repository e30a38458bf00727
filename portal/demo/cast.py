"""Which story goes which way: who tells it, when it began, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from portal import clock
from portal.calendars.official import shipped_calendar
from portal.cases.due import due_at
from portal.cases.models import AccidentClass
from portal.cases.steps import Conclusion, DueStep
from portal.demo import histories as way
from portal.demo.histories import Way
from portal.demo.tale import Office, Teller
from portal.reports.models import Channel
from portal.rewards.models import PayoutState

PAID, RETURNED, UNKNOWN = PayoutState.PAID, PayoutState.RETURNED, PayoutState.UNKNOWN
MINUTES_AGO = 4 / (24 * 60)
"""So short ago that the first call is still on its way when the city is opened."""
FURTHEST = 30
"""Days about the expected one among which a beginning with the wished due day is looked for."""


@dataclass(frozen=True, slots=True)
class Due:
    """A beginning chosen so that a step is due so many days from now (or on the nearest possible day)."""

    step: DueStep
    days: int

    def begins(self, office: Office) -> datetime:
        """Return when a report came whose step is due then; it is accepted on the next working day."""
        terms, zone = office.terms, office.settings.zone
        wished = clock.city_date(office.now, zone) + timedelta(days=self.days)
        length = {
            DueStep.ACCEPT: terms.deadlines.accept_working_days,
            DueStep.VERIFY: terms.deadlines.verify_days,
        }
        latest = clock.city_date(office.now, zone) - timedelta(days=1)
        expected = wished - timedelta(days=length[self.step])
        possible = [
            datetime.combine(day, time(10, 20), tzinfo=zone)
            for shift in range(-FURTHEST, FURTHEST)
            if (day := expected + timedelta(days=shift)) <= latest and shipped_calendar().is_working(day)
        ]

        def distance(since: datetime) -> int:
            due = due_at(self.step, since, terms.deadlines, zone)
            return abs((clock.city_date(due, zone) - wished).days)

        since = min(possible, key=distance)
        return since if self.step is DueStep.ACCEPT else since - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Plot:
    """One story's way: ``begins`` in days before now, or chosen by what shall be due."""

    story: str
    begins: float | Due
    way: Way
    teller: Teller = field(default_factory=Teller)
    photographs: int = 1
    shown: str = ""
    """What a visitor finds behind this receipt, in words; empty: the receipt is not listed."""


def named(
    name: str, last: str, *, works_there: bool = False, alert: str = "", channel: Channel = Channel.PORTAL
) -> Teller:
    """Return somebody invented, with a name and a telephone number that ends so."""
    return Teller(name, f"1380000{last}", works_there, alert, channel)


SMS = Teller(alert="13800001234")
MAIL = Teller(alert="reader@example.com")
BY_TELEPHONE = Teller(channel=Channel.TELEPHONE)

PLOTS: tuple[Plot, ...] = (
    # not looked at yet, or not accepted yet
    Plot(
        "sewerpump",
        MINUTES_AGO,
        way.received,
        Teller(danger="now", alert="13800005511"),
        shown="刚收到，随时会出事，正在呼叫值班人员",
    ),
    Plot("station", 0.2, way.hurried, Teller(danger="now"), shown="随时会出事，已经有人在处理"),
    Plot("parcels", 0.8, way.received, SMS, 2),
    Plot("aluminium", 1, way.received),
    Plot("hotpot", 2, way.received, BY_TELEPHONE, 0),
    Plot("burning", Due(DueStep.ACCEPT, -2), way.received),
    Plot("pickles", Due(DueStep.ACCEPT, 0), way.received, named("尚文博", "2201")),
    Plot("boardmill", Due(DueStep.ACCEPT, 1), way.received),
    Plot("oldbus", 3, way.asked, SMS, shown="受理员提了一个问题，等待回复"),
    Plot("scrapyard", 4, way.talked, shown="已经回复受理员的提问"),
    Plot("blackwater", 9, way.withdrawn, shown="已撤回"),
    Plot("yangguang-again", 30, way.merged("yangguang"), Teller(alert="neighbour@example.com")),
    Plot("skywalk-again", 47, way.merged("skywalk")),
    Plot(
        "wages",
        12,
        way.refused(
            "反映的是拖欠工资，不属于安全生产举报受理范围",
            "县人力资源和社会保障局劳动保障监察大队，电话 12333",
        ),
        photographs=0,
        shown="不予受理，写明了去处",
    ),
    Plot(
        "vague",
        8,
        way.refused(
            "没有写明单位、地点和具体情况，无法核查",
            "补充单位名称或地址后，可以在本网站重新举报，或拨打 12350",
        ),
        photographs=0,
    ),
    Plot(
        "noise",
        15,
        way.refused("反映的是装修噪声，不属于安全生产举报受理范围", "社区居委会或 12345 政务服务热线"),
        photographs=0,
    ),
    Plot(
        "coal",
        18,
        way.transferred(
            "煤矿安全监管部门，联系电话 12350 转 2", "煤矿事项由煤矿安全监管部门核查，避免重复检查"
        ),
        shown="已移送其他部门",
    ),
    Plot(
        "oldmine",
        21,
        way.transferred("市自然资源和规划局执法监察支队，电话 12336", "无证采矿由自然资源部门查处"),
    ),
    # accepted, assigned
    Plot("trench", 3, way.accepted),
    Plot("garagepetrol", 5, way.code_lost, named("路小川", "2202")),
    Plot("boats", 6, way.accepted),
    Plot("forklifts", 4, way.accepted, BY_TELEPHONE, 0),
    Plot("firelane", 9, way.unassigned),
    Plot("abattoir", 10, way.assigned, MAIL),
    Plot("sandlorries", 11, way.assigned, photographs=2),
    Plot("wooddust", 4, way.assigned, named("丁一凡", "2203", works_there=True)),
    Plot("taihang", 8, way.assigned),
    Plot("afterschool", 13, way.assigned, Teller(channel=Channel.LETTER), 0),
    # being verified
    Plot("boiler", 14, way.undertaken),
    Plot("drums", Due(DueStep.VERIFY, -2), way.undertaken),
    Plot("supermarket", Due(DueStep.VERIFY, 1), way.begun, SMS, shown="正在核查，整改已经开始"),
    Plot("mobilecrane", 52, way.extended, MAIL, shown="核查延期，写明了原因"),
    Plot("gaspipe", 10, way.waiting),
    Plot("shoesoles", 12, way.called, named("姚桂芳", "2204")),
    Plot("firecrackers", 20, way.withdrawn_later),
    Plot("mall", 22, way.to_be_chosen, named("邓晓峰", "2205", works_there=True)),
    Plot("internetcafe", 18, way.ordered, photographs=2),
    # concluded, answered, closed
    Plot("lorries", 12, way.concluded(Conclusion.PARTLY_TRUE)),
    Plot("snackstreet", 11, way.concluded(Conclusion.TRUE)),
    Plot("additives", 13, way.concluded(Conclusion.FALSE), MAIL),
    Plot("tailings", 33, way.answered_late, photographs=0),
    Plot("pit", 17, way.answered(Conclusion.TRUE), shown="已经答复"),
    Plot("foundry", 16, way.answered(Conclusion.PARTLY_TRUE), photographs=2),
    Plot("lift", 18, way.answered(Conclusion.FALSE), Teller(channel=Channel.VISIT), 0),
    Plot("flourmill", 45, way.answered(Conclusion.CANNOT_BE_CLEARED_UP)),
    Plot("basement", 40, way.escalated),
    # awards
    Plot(
        "furniture",
        62,
        way.insider_paid,
        named("赵明远", "3301", works_there=True, alert="13800003301"),
        3,
        "奖励已经支付，含内部举报人加奖",
    ),
    Plot("yangguang", 32, way.proposed, SMS, 2),
    Plot("towercrane", 34, way.reinspected, named("杨春燕", "3302"), shown="有一笔奖励待领取"),
    Plot(
        "resettlement", 70, way.told(60_000, 5_000, rectified=True), MAIL, shown="有一笔奖励待领取，期限将到"
    ),
    Plot(
        "truckpark",
        24,
        way.claimed(50_000),
        named("冯志强", "3303", alert="13800003303"),
        shown="奖励已申领，等待支付",
    ),
    Plot("coldstore", 25, way.claimed(70_000, holder="贺长江"), shown="匿名举报，领奖时补了姓名，等待核对"),
    Plot("schoolbus", 55, way.claimed(30_000, PAID, holder="康小红", named_after=True)),
    Plot(
        "quarry",
        27,
        way.accident(1, AccidentClass.ORDINARY, 300_000),
        named("魏来", "3304", works_there=True),
    ),
    Plot("rollingmill", 75, way.accident_paid, named("任重远", "3305", works_there=True)),
    Plot("railing", 58, way.welding_banked(2_000, PAID), named("邵阳", "3306"), shown="焊接举报奖励已经支付"),
    Plot("tankweld", 18, way.welding(2_500), named("彭一诺", "3307", works_there=True)),
    Plot("coldweld", 30, way.welding(2_900, back=True), named("苗壮", "3308")),
    Plot(
        "doorshop",
        44,
        way.welding_banked(1_200, RETURNED),
        named("葛小雨", "3309", alert="13800003309"),
        shown="银行退回，需要换一个账户",
    ),
    Plot("polishing", 42, way.unknown_extended, named("江涛", "3310")),
    Plot("garments", 118, way.told(45_000)),
    Plot("foodworks", 50, way.forfeited, named("秦岭", "3311")),
    Plot("skywalk", 48, way.award_refused, photographs=2),
    Plot("warehouse", 64, way.no_penalty_paid, named("白雪松", "3312")),
)
