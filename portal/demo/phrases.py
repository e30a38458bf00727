"""What the demonstration's officers write: by situation or sector, in the words of such offices."""

from __future__ import annotations

from typing import NamedTuple

from portal.cases.steps import Conclusion


class Seen(NamedTuple):
    """What a check on site found, what is ordered, and which picture the report may carry."""

    fact: str
    order: str
    picture: str


SEEN: dict[str, Seen] = {
    "exit_blocked": Seen(
        "东侧安全出口堆放物品并上锁，应急照明不亮", "立即清除堆放物、拆除门锁，恢复应急照明", "stack"
    ),
    "ebike_stairwell": Seen(
        "楼道内停放并充电的电动车二十余辆，有私拉电线", "清理楼道，拆除私拉电线，设置室外充电点", "bikes"
    ),
    "sleep_workshop": Seen(
        "生产区与宿舍未分隔，仅有一部楼梯，窗户加装固定护栏",
        "搬离住宿人员，拆除护栏，设置第二安全出口",
        "bunks",
    ),
    "weld_no_certificate": Seen(
        "现场作业的焊工不能出示有效的特种作业操作证", "停止无证作业，持证人员到岗后方可动火", "sparks"
    ),
    "weld_near_foam": Seen(
        "动火点三米内堆有保温泡沫板，没有看火人和接火盆", "停止动火，清走可燃物，办理动火审批", "sparks"
    ),
    "fuel_unlicensed": Seen(
        "院内有储油罐和加油机，经营者没有成品油经营许可",
        "停止经营，油品由有资质的单位转运，拆除储罐",
        "barrels",
    ),
    "chemical_leak": Seen(
        "尾气处理塔运行记录不连续，法兰处有渗漏痕迹", "修复法兰，保证尾气塔连续运行，记录每班留存", "smoke"
    ),
    "scaffold_unsafe": Seen(
        "外架连墙件缺失，作业层脚手板未铺满，没有专项方案",
        "停止外架作业，补齐连墙件，方案审批后复工",
        "scaffold",
    ),
    "crane_unsafe": Seen(
        "起重钢丝绳断丝超过报废标准，信号工没有证书", "停止吊装，更换钢丝绳，检测合格后使用", "crane"
    ),
    "death_hidden": Seen(
        "经调取救治记录并询问有关人员，事故确有发生，单位没有上报",
        "移交事故调查组，责令停产配合调查",
        "barrels",
    ),
    "tank_no_test": Seen(
        "有限空间作业没有审批和气体检测记录，没有监护人",
        "停止作业，配齐检测仪和救援器材，人员培训合格后上岗",
        "pit",
    ),
    "dust_not_cleaned": Seen(
        "除尘管道积尘明显，清扫记录缺失，灯具不防爆", "停产清扫，恢复除尘系统，更换防爆灯具", "dust"
    ),
    "gas_bottle_expired": Seen(
        "使用中的气瓶超过检验期，软管老化，报警器没有通电", "停用过期气瓶，更换软管，接通报警器", "bottles"
    ),
    "lorry_overloaded": Seen(
        "过磅两车，均超过核定载质量，车厢加高", "卸载，恢复车厢原状，约谈企业负责人", "lorry"
    ),
    "school_bus_illegal": Seen(
        "接送车辆核载七人，实载十九人，没有校车标牌", "停止接送，由幼儿园安排合规车辆", "van"
    ),
    "ammonia": Seen("机房氨气报警器断电，应急喷淋没有水", "恢复报警器和喷淋，操作人员培训后上岗", "smoke"),
    "metallurgy": Seen("浇铸区地面有积水，吊运路线经过休息室", "清除积水，改变吊运路线，休息室搬离", "dust"),
    "equipment": Seen(
        "设备超过检验有效期，操作人员没有证件", "停止使用，检验合格后投用，人员持证上岗", "crane"
    ),
    "tourism": Seen("栈道两块玻璃有裂纹，未设围挡", "停止开放该段栈道，更换玻璃并检测", "cracks"),
    "road": Seen("车辆超过报废年限，仍在载客", "扣留车辆，查处经营者", "van"),
    "school": Seen("午休房间窗户封死，只有一个出口", "停止午休，拆除封窗，增加出口", "bunks"),
    "gas": Seen("旧管未封堵，检漏仪有读数", "立即封堵旧管，复检合格后恢复供气", "bottles"),
    "post": Seen("分拣场内有电瓶充电，消火栓被包裹遮挡", "清理消火栓，电瓶移至室外充电", "stack"),
    "hazwaste": Seen("现场有倾倒痕迹，已取样送检", "封存现场，查清来源，由有资质的单位处置", "barrels"),
    "mine": Seen("排水沟堵塞，巡查记录缺失", "疏通排水沟，每日巡查并记录", "lorry"),
    "fireworks": Seen("院内有制作痕迹和残留药线", "查封场所，人员移交公安机关", "barrels"),
    "water": Seen("游船救生衣配备不足", "配齐救生衣，未穿戴不得开船", "boat"),
    "utilities": Seen("沟槽深约四米，没有支护", "停止作业，完成支护后复工", "pit"),
    "forest": Seen("林边有焚烧痕迹，没有看守", "熄灭余火，加强巡护", "flames"),
    "power": Seen("自架线路离地三米二，没有警示牌", "停电拆除，按规范重新架设", "wires"),
    "park": Seen("消防车道被成品占用", "清空车道并划线", "stack"),
    "coal": Seen("发现疑似井口", "移交煤矿监管部门", "lorry"),
    "other": Seen("现场有切割作业，距加气站围墙不足十米", "停止切割，搬离油桶", "barrels"),
}

FOUND_NOTHING = "检查时现场正常，查阅近三个月的记录，没有发现举报所述情况"
CANNOT_TELL = "现场已经改变，有关记录不全，询问人员说法不一，现有材料不足以认定"

ENDINGS: dict[Conclusion, str] = {
    Conclusion.TRUE: "经核查，您反映的情况属实。",
    Conclusion.PARTLY_TRUE: "经核查，您反映的情况部分属实。",
    Conclusion.FALSE: "经核查，没有发现您反映的情况。",
    Conclusion.CANNOT_BE_CLEARED_UP: "经核查，现有材料不足以认定您反映的情况。",
}
REWARDED = "您的举报符合奖励条件，奖励由财务部门审核，请留意本页。"
NOT_REWARDED = "按照奖励办法，本次举报不符合奖励条件。"


def seen(sector: str, situation: str) -> Seen:
    """Return what a check finds in such a matter."""
    return SEEN.get(situation) or SEEN.get(sector) or SEEN["other"]


def handled(seen: Seen, conclusion: Conclusion) -> str:
    """Return how the matter is handled, for the conclusion."""
    if conclusion in {Conclusion.TRUE, Conclusion.PARTLY_TRUE}:
        return f"现场核实：{seen.fact}。已责令{seen.order}。"
    return f"{FOUND_NOTHING if conclusion is Conclusion.FALSE else CANNOT_TELL}。"


def answer(seen: Seen, conclusion: Conclusion, *, rewarded: bool) -> str:
    """Return the answer to the reporter: conclusion, account of the check, handling, reward."""
    money = REWARDED if rewarded else NOT_REWARDED
    return f"{ENDINGS[conclusion]}{handled(seen, conclusion)}{money}感谢您对安全生产的关心。"
