"""The demonstration's register: invented firms with codes of a region that does not exist."""

from __future__ import annotations

from datetime import datetime

from stdnum.cn import uscc

from portal.people.actor import Actor
from portal.subjects import register

# District code, then firms as "name|address". None of them exists.
FIRMS: dict[str, tuple[str, ...]] = {
    "wenfeng": (
        "安阳市啄声示范木业有限公司|示例大道 12 号",
        "安阳示例万客购物广场有限公司|中兴示例路 88 号",
        "安阳市青藤示范家具有限公司|示例大道 30 号",
        "安阳示例好邻居连锁超市有限公司|东风示例路 5 号",
        "安阳市文峰区示例红火锅店|南大示例街 21 号",
    ),
    "beiguan": (
        "安阳示例盛源物流仓储有限公司|北关示例物流园 3 栋",
        "安阳市示范顺达快递服务有限公司|灯塔示例路 17 号",
        "安阳示例蓝焰燃气设备有限公司|人民示例大道 66 号",
        "安阳市北关示例电动车行|红旗示例路 101 号",
    ),
    "yindu": (
        "安阳示例鸿基铸造有限公司|殷都示例工业园 8 号",
        "安阳市示范钢构安装有限公司|铁西示例路 9 号",
        "安阳示例恒泰冶金炉料有限公司|殷都示例工业园 15 号",
        "安阳市殷都示例废旧电池回收站|梅园示例庄东头",
    ),
    "longan": (
        "安阳示例康达化工有限公司|龙安示例产业集聚区 2 号",
        "安阳市示范恒远涂料有限公司|龙安示例产业集聚区 6 号",
        "安阳示例宏图建材有限公司|彰武示例街 40 号",
        "安阳示例彩虹塑料包装有限公司|龙泉示例镇工业路",
    ),
    "anyang": (
        "安阳县示例兴农面粉有限公司|柏庄示例镇 107 国道旁",
        "安阳县示范瑞丰棉业有限公司|白璧示例镇",
        "安阳示例腾飞机械加工有限公司|韩陵示例镇",
        "安阳县示例永固预制构件厂|吕村示例镇",
    ),
    "linzhou": (
        "林州市示例太行采石有限公司|姚村示例镇石场沟",
        "林州示例红旗建筑劳务有限公司|龙山示例街道",
        "林州市示范汽车配件有限公司|陵阳示例镇",
        "林州示例山水旅游开发有限公司|石板岩示例镇",
        "林州市示例金泰铝业有限公司|河顺示例镇",
        "林州示例长城电器有限公司|开元示例街道",
    ),
    "tangyin": (
        "汤阴县示例佳味食品冷链有限公司|产业示例集聚区 11 号",
        "汤阴示例仁和制药有限公司|产业示例集聚区 20 号",
        "汤阴县示范永兴油脂有限公司|宜沟示例镇",
        "汤阴示例小星星幼儿园|岳庙示例街",
    ),
    "hua": (
        "滑县示例惠民加油站|道口示例镇南环路",
        "滑县示例金穗粮油储运有限公司|留固示例镇",
        "滑县示范烟花爆竹专营店|白道口示例镇",
        "滑县示例华艺服装有限公司|产业示例集聚区",
        "滑县示例民生热力有限公司|新区示例大道",
    ),
    "neihuang": (
        "内黄县示例陶瓷有限公司|陶瓷示例产业园 1 号",
        "内黄县示范绿源蔬菜冷库|果蔬示例城 B 区",
        "内黄示例天成板材有限公司|楚旺示例镇",
        "内黄县示例平安校车服务有限公司|城关示例镇",
    ),
}
REGION = "91410599"
"""The authority's and kind's digits, and a region number that is not given out."""


def fill(district_ids: dict[str, int], actor: Actor, at: datetime) -> None:
    """Put the invented firms into the register."""
    rows: list[list[str | int | None]] = []
    for district, lines in FIRMS.items():
        for line in lines:
            name, address = line.split("|")
            body = f"{REGION}DEM{len(rows) + 1:06d}"
            rows.append([body + uscc.calc_check_digit(body), name, district_ids.get(district), address])
    register.put_in(rows, actor=actor, at=at)
