"""How values look on a page: money, dates, deadlines, sizes, addresses of files. One function for each."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time
from flask import Flask, current_app, request, url_for
from flask_babel import get_locale, gettext, ngettext
from jinja2 import pass_context
from jinja2.runtime import Context

from portal.badges import badge_of, label_of
from portal.money import capital, format_yuan

THEMES = ("light", "dark")
TEXT_SIZES = ("normal", "large")
CHINESE_NUMBERS = "一二三四五六七八九十"
RELATIVE_DAYS = 60
END_OF_DAY = (23, 59)
# How long an opened name, number or account stands on a page; css/shown.css hides it a second later.
SHOWN_SECONDS = 60


class Due(NamedTuple):
    """A deadline as shown: kind is ok, soon (today, tomorrow) or over."""

    kind: str
    text: str


def html_lang() -> str:
    """Language of the page as HTML writes it: zh-Hans or en."""
    return "en" if _language() == "en" else "zh-Hans"


def _language() -> str:
    locale = get_locale()
    return locale.language if locale is not None else "zh"


def _pattern(chinese: str, english: str) -> str:
    return english if _language() == "en" else chinese


def _zone() -> ZoneInfo:
    config = current_app.config
    return ZoneInfo(str(config.get("CITY_ZONE") or config.get("BABEL_DEFAULT_TIMEZONE") or "Asia/Shanghai"))


def when(at: datetime) -> str:
    """Date and minute in the city: 2026 年 10 月 12 日 21:46, or 12 Oct 2026, 21:46."""
    pattern = _pattern("y 年 M 月 d 日 HH:mm", "d MMM y, HH:mm")
    return format_datetime(at, pattern, tzinfo=_zone(), locale=_language())


def day(on: date | datetime, *, weekday: bool = False) -> str:
    """A date in the city, with its weekday where it binds somebody."""
    local = on.astimezone(_zone()).date() if isinstance(on, datetime) else on
    pattern = _pattern("y 年 M 月 d 日", "d MMM y")
    if weekday:
        pattern = _pattern("y 年 M 月 d 日 EEE", "EEE d MMM y")
    return format_date(local, pattern, locale=_language())


def clock(at: datetime) -> str:
    """The time of day in the city: 17:30."""
    return format_time(at, "HH:mm", tzinfo=_zone(), locale=_language())


def shown_until(at: datetime) -> str:
    """The second in the city at which what is shown from now on leaves the page: 14:03:20."""
    last = at + timedelta(seconds=SHOWN_SECONDS)
    return format_time(last, "HH:mm:ss", tzinfo=_zone(), locale=_language())


def iso(at: date | datetime) -> str:
    """The machine's form of a time, for the `datetime` attribute of a `time` element."""
    return at.isoformat()


def due(due_at: datetime, now: datetime) -> Due:
    """A deadline seen from now: relative up to 60 days, by days of the city's calendar."""
    zone = _zone()
    days = (due_at.astimezone(zone).date() - now.astimezone(zone).date()).days
    if now > due_at:
        return Due("over", _overdue(-days))
    if days == 0:
        return Due("soon", _today(due_at.astimezone(zone)))
    if days == 1:
        return Due("soon", str(gettext("Tomorrow")))
    if days > RELATIVE_DAYS:
        return Due("ok", day(due_at))
    return Due("ok", str(ngettext("%(num)s day left", "%(num)s days left", days)))


def _overdue(days: int) -> str:
    if days == 0:
        return str(gettext("Overdue since today"))
    return str(ngettext("%(num)s day overdue", "%(num)s days overdue", days))


def _today(local: datetime) -> str:
    # A deadline "until that day" ends with its last minute; 23:59 would read like a trap.
    if (local.hour, local.minute) == END_OF_DAY:
        return str(gettext("Today"))
    return str(gettext("Today %(time)s", time=local.strftime("%H:%M")))


def filesize(size: int) -> str:
    """A number of bytes for people: 840 KB, 3.1 MB."""
    if size < 1000 * 1024:
        return f"{max(1, round(size / 1024))} KB"
    return f"{size / 1024 / 1024:.1f} MB".replace(".0 ", " ")


# With the context: a filter of a written number would be worked out once, in the language of the first page.
@pass_context
def section_number(_context: Context, index: int) -> str:
    """The number before a section's title, from 1: 一、 or 1. with its blank."""
    if _language() == "en" or not 1 <= index <= len(CHINESE_NUMBERS):
        return f"{index}. "
    return f"{CHINESE_NUMBERS[index - 1]}、"


def asset(path: str) -> str:
    """Address of a static file with a mark of its content, so that browsers may keep it for ever."""
    file = Path(current_app.static_folder or "") / path
    return url_for("static", filename=path, v=_mark(str(file), file.stat().st_mtime_ns))


@lru_cache(maxsize=256)
def _mark(path: str, _modified: int) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


def link(endpoint: str, **values: object) -> str:
    """Address of a page, or an empty text when this process does not serve it (see PORTAL_FACES)."""
    arguments: dict[str, Any] = dict(values)
    return url_for(endpoint, **arguments) if endpoint in current_app.view_functions else ""


def theme() -> str:
    """Light or dark, as the reader saved it."""
    saved = request.cookies.get("theme", "")
    return saved if saved in THEMES else THEMES[0]


def text_size() -> str:
    """Normal or large, as the reader chose it."""
    saved = request.cookies.get("text", "")
    return saved if saved in TEXT_SIZES else TEXT_SIZES[0]


def keys_on() -> bool:
    """Whether single-letter keys work on the desk; each person can switch them off (WCAG 2.1.4)."""
    return request.cookies.get("keys") != "off"


def register(app: Flask) -> None:
    """Give templates the filters and functions of this module."""
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.filters.update(
        yuan=format_yuan,
        capital=capital,
        when=when,
        day=day,
        clock=clock,
        iso=iso,
        filesize=filesize,
        section_number=section_number,
        shown_until=shown_until,
        status_label=label_of,
    )
    app.jinja_env.globals.update(
        asset=asset,
        badge_of=badge_of,
        due=due,
        html_lang=html_lang,
        keys_on=keys_on,
        link=link,
        shown_seconds=SHOWN_SECONDS,
        text_size=text_size,
        theme=theme,
    )
