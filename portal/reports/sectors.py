"""The sectors (行业领域), who leads in each, and situations that citizens really meet (pure).

Source: the Kaifeng three-year plan; every city edits its own table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Sector:
    """A trade, and the code of the department that leads there."""

    code: str
    zh: str
    en: str
    lead: str

    def name(self, locale: str) -> str:
        """Return the name in a language (``zh...`` or anything else for English)."""
        return self.zh if locale.startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class Situation:
    """Something a citizen sees, in plain words; its sector is the officers' first guess.

    ``aliases``: other words under which it is found, with blanks between.
    """

    code: str
    sector: str
    zh: str
    en: str
    aliases: str = ""

    def name(self, locale: str) -> str:
        """Return the words in a language."""
        return self.zh if locale.startswith("zh") else self.en


SECTORS: tuple[Sector, ...] = (
    Sector("fire", "消防", "Fire safety", "fire_brigade"),
    Sector("welding", "焊接作业", "Welding", "emergency"),
    Sector("hazchem", "危险化学品", "Dangerous chemicals", "emergency"),
    Sector("construction", "建筑施工、房屋", "Building sites and buildings", "housing"),
    Sector("accident", "瞒报、谎报事故", "Concealed accidents", "emergency"),
    Sector("confined", "有限空间", "Tanks, pits and sewers", "emergency"),
    Sector("dust", "粉尘涉爆", "Explosive dust", "emergency"),
    Sector("metallurgy", "金属冶炼", "Molten metal", "emergency"),
    Sector("ammonia", "涉氨制冷", "Ammonia cooling", "emergency"),
    Sector("gas", "城镇燃气", "Town gas", "city_management"),
    Sector("road", "道路运输", "Road transport", "transport"),
    Sector("water", "水上交通、渔业船舶", "Ships and boats", "transport"),
    Sector("post", "邮政快递", "Post and parcels", "post"),
    Sector("utilities", "市政设施、渣土、污水", "City works and waste water", "city_management"),
    Sector("park", "工业园区", "Industrial parks", "development"),
    Sector("hazwaste", "危险废物", "Dangerous waste", "environment"),
    Sector("mine", "非煤矿山", "Mines other than coal", "emergency"),
    Sector("coal", "煤矿", "Coal mines", "coal_safety"),
    Sector("fireworks", "烟花爆竹", "Fireworks", "emergency"),
    Sector("school", "校园安全", "Schools", "education"),
    Sector("tourism", "文化旅游", "Culture and tourism", "culture"),
    Sector("equipment", "特种设备", "Lifts, boilers and cranes", "market"),
    Sector("power", "电力", "Electric power", "development"),
    Sector("forest", "森林防火", "Forest fire", "forestry"),
    Sector("other", "不清楚，或别的", "Not sure, or something else", "committee"),
)

DEPARTMENTS: tuple[tuple[str, str, str], ...] = (
    ("emergency", "应急管理局", "Emergency Management Bureau"),
    ("fire_brigade", "消防救援支队", "Fire and Rescue Service"),
    ("housing", "住房和城乡建设局", "Housing and Construction Bureau"),
    ("city_management", "城市管理局", "City Management Bureau"),
    ("transport", "交通运输局", "Transport Bureau"),
    ("post", "邮政管理局", "Postal Administration"),
    ("development", "发展和改革委员会", "Development and Reform Commission"),
    ("environment", "生态环境局", "Environment Bureau"),
    ("coal_safety", "煤矿安全监管部门", "Coal Mine Safety Authority"),
    ("education", "教育体育局", "Education Bureau"),
    ("culture", "文化广电和旅游局", "Culture and Tourism Bureau"),
    ("market", "市场监督管理局", "Market Regulation Bureau"),
    ("forestry", "林业局", "Forestry Bureau"),
    ("committee", "安委会办公室", "Office of the Safety Committee"),
    ("finance", "财务科", "Finance Section"),
)


def _shipped() -> Iterator[Situation]:
    """Read the situations that ship; the desk adds to them and words them anew."""
    sector_code = ""
    for line in (Path(__file__).parent / "situations.txt").read_text(encoding="utf-8").splitlines():
        if "|" not in line:
            sector_code = line
        elif not line.startswith("#"):
            code, zh, en, aliases = line.split("|")
            yield Situation(code, sector_code, zh, en, aliases)


SITUATIONS: tuple[Situation, ...] = tuple(_shipped())

_SECTORS = {sector.code: sector for sector in SECTORS}
_SITUATIONS = {situation.code: situation for situation in SITUATIONS}


def sector(code: str) -> Sector:
    """Return a sector; an unknown code is ``other``."""
    return _SECTORS.get(code, _SECTORS["other"])


def situation(code: str) -> Situation | None:
    """Return a situation as it ships, None for an unknown code."""
    return _SITUATIONS.get(code)
