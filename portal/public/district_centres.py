"""About where the districts lie, for a first guess that a person confirms; no map and no service is asked."""

from __future__ import annotations

# Seats of the districts' governments in degrees north and east, rounded to about a kilometre.
CENTRES: dict[str, tuple[float, float]] = {
    "文峰区": (36.09, 114.36),
    "北关区": (36.12, 114.36),
    "殷都区": (36.11, 114.30),
    "龙安区": (36.08, 114.30),
    "安阳县": (36.07, 114.50),
    "林州市": (36.08, 113.82),
    "汤阴县": (35.92, 114.36),
    "滑县": (35.58, 114.52),
    "内黄县": (35.95, 114.90),
}


def centre_of(name_zh: str) -> str:
    """Return the centre as ``36.09,114.36``; empty for a district that the table does not know."""
    found = CENTRES.get(name_zh)
    return f"{found[0]},{found[1]}" if found else ""
