"""Dates, money and deadlines as people read them; layouts and macros that every page stands on."""

import re
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask, render_template, render_template_string
from flask_babel import Babel, force_locale
from flask_wtf import CSRFProtect, FlaskForm
from wtforms import RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from portal import presentation
from portal.badges import BADGES
from portal.cases.steps import CaseStatus, Conclusion, RectificationStatus
from portal.rewards.steps import AwardStatus, ShareStatus
from portal.translations.catalogue import ensure_compiled

ROOT = Path(__file__).resolve().parents[1]
# A Monday, 14:00 in Anyang.
NOW = datetime(2026, 10, 12, 6, 0, tzinfo=UTC)
ERRORS = ("400", "403", "404", "405", "413", "429", "500", "503")


class Form(FlaskForm):
    """Two fields that must be filled in and one that need not."""

    what = TextAreaField("您看到了什么？", validators=[InputRequired("请写一两句您看到了什么。")])
    kind = RadioField(
        "是哪一类？", choices=[SelectChoice("fire", "消防")], validators=[InputRequired("请选一类。")]
    )
    firm = StringField("单位叫什么？")


@pytest.fixture
def app() -> Flask:
    """A portal of layouts alone: no database, no pages."""
    ensure_compiled()
    app = Flask("portal", root_path=str(ROOT / "portal"), template_folder=str(ROOT / "templates"))
    app.config.update(SECRET_KEY="only for tests", BABEL_DEFAULT_LOCALE="zh_Hans", TESTING=True)
    Babel(app)
    CSRFProtect(app)
    presentation.register(app)
    view = SimpleNamespace(
        city_name_zh="安阳市",
        city_name_en="Anyang",
        organiser="安阳市应急管理局",
        hotline="12350",
        icp="豫ICP备00000000号",
        police_record="",
        site_code="",
        demo=True,
        challenge_off=False,
    )
    app.context_processor(lambda: {"settings_view": view, "desk_nav": list})
    return app


@pytest.mark.parametrize(
    ("hours", "kind", "chinese", "english"),
    [
        (-50, "over", "超期 2 天", "2 days overdue"),
        (-20, "over", "超期 1 天", "1 day overdue"),
        (-1, "over", "今天已超期", "Overdue since today"),
        (0, "soon", "今天 14:00", "Today 14:00"),
        (3.5, "soon", "今天 17:30", "Today 17:30"),
        (11, "soon", "明天", "Tomorrow"),
        (48, "ok", "还有 2 天", "2 days left"),
        (24 * 60, "ok", "还有 60 天", "60 days left"),
        (24 * 61, "ok", "2026 年 12 月 12 日", "12 Dec 2026"),
    ],
)
def test_a_deadline_is_told_by_days_of_the_city(
    app: Flask, hours: float, kind: str, chinese: str, english: str
) -> None:
    """Else an officer sees "tomorrow" for a case that is late at noon."""
    due_at = NOW + timedelta(hours=hours)
    with app.test_request_context():
        assert presentation.due(due_at, NOW) == (kind, chinese)
        with force_locale("en"):
            assert presentation.due(due_at, NOW) == (kind, english)


def test_a_deadline_at_the_end_of_today_is_told_without_an_hour(app: Flask) -> None:
    """23:59 would read like a trap."""
    with app.test_request_context():
        assert presentation.due(datetime(2026, 10, 12, 15, 59, 59, tzinfo=UTC), NOW).text == "今天"


def test_times_are_shown_in_the_zone_of_the_city(app: Flask) -> None:
    """Else a report made in the evening carries the date of the day before."""
    at = datetime(2026, 10, 12, 17, 5, tzinfo=UTC)
    with app.test_request_context():
        assert presentation.when(at) == "2026 年 10 月 13 日 01:05"
        assert presentation.day(at, weekday=True) == "2026 年 10 月 13 日 周二"
        assert presentation.day(date(2026, 1, 2)) == "2026 年 1 月 2 日"
        app.config["CITY_ZONE"] = "Asia/Urumqi"
        assert presentation.clock(at) == "23:05"
        with force_locale("en"):
            assert presentation.when(at) == "12 Oct 2026, 23:05"


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "1 KB"), (840 * 1024, "840 KB"), (3_250_586, "3.1 MB"), (20 * 1024 * 1024, "20 MB")],
)
def test_sizes_are_told_in_short(size: int, text: str) -> None:
    """A limit of 20 MB reads as "20 MB", not as bytes."""
    assert presentation.filesize(size) == text


def test_sections_are_numbered_in_the_language_of_the_page(app: Flask) -> None:
    """Chinese pages count 一、二、三, English ones 1. 2. 3., whichever came first."""
    page = app.jinja_env.from_string("{{ 2|section_number }}")
    with app.test_request_context():
        assert page.render() == "二、"
        with force_locale("en"):
            assert page.render() == "2. "


def test_the_address_of_a_file_changes_with_its_content(app: Flask, tmp_path: Path) -> None:
    """Else a browser keeps last year's style beside this year's page."""
    app.static_folder = str(tmp_path)
    (tmp_path / "a.css").write_text("one")
    with app.test_request_context():
        first = presentation.asset("a.css")
        (tmp_path / "a.css").write_text("another")
        assert presentation.asset("a.css") != first


def test_a_page_of_the_other_face_has_no_address(app: Flask) -> None:
    """A desk process shows error pages too; a link it does not serve would break them."""
    with app.test_request_context():
        assert presentation.link("public.home") == ""
        assert presentation.link("static", filename="img/mark.svg") == "/static/img/mark.svg"


@pytest.mark.parametrize("saved", ["", "dark", "light", '"><script>'])
def test_only_the_two_known_themes_are_used(app: Flask, saved: str) -> None:
    """A cookie is typed by anybody."""
    with app.test_request_context(headers={"Cookie": f"theme={saved}"} if saved else {}):
        assert presentation.theme() == ("dark" if saved == "dark" else "light")


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind in BADGES for value in BADGES[kind]])
def test_every_status_has_colour_icon_and_chinese_words(app: Flask, kind: str, value: str) -> None:
    """Colour alone tells nothing to one man in twelve."""
    with app.test_request_context():
        shown = render_template_string(
            '{% from "_macros/badges.html" import status %}{{ status(kind, value) }}', kind=kind, value=value
        )
    assert re.search(r'class="st st-(wait|go|you|done|stop|risk)"><svg .*</svg>[一-鿿，]+</span>', shown)


@pytest.mark.parametrize(
    ("kind", "statuses"),
    [
        ("case", CaseStatus),
        ("conclusion", Conclusion),
        ("rectification", RectificationStatus),
        ("award", AwardStatus),
        ("share", ShareStatus),
    ],
)
def test_no_status_of_a_life_cycle_lacks_its_badge(kind: str, statuses: type[StrEnum]) -> None:
    """A new status would show its English name, in grey."""
    assert {str(status) for status in statuses} <= set(BADGES[kind])


def test_every_icon_that_is_used_is_drawn() -> None:
    """A mistyped name would silently show a circle."""
    drawn = set(re.findall(r"^  '([\w-]+)':", (ROOT / "templates/_macros/icon.html").read_text(), re.M))
    used = {badge.icon for states in BADGES.values() for badge in states.values()}
    for path in (ROOT / "templates").rglob("*.html"):
        used |= set(re.findall(r"""\bicon\(["']([\w-]+)["']\)""", path.read_text()))
    assert used <= drawn


@pytest.mark.parametrize("code", ERRORS)
def test_an_error_page_says_what_happened_and_gives_its_mark(app: Flask, code: str) -> None:
    """The person can name the event on the telephone without telling who she is."""
    with app.test_request_context():
        shown = render_template(f"errors/{code}.html", reference="7F3C")
        assert "7F3C" in shown
        assert '<html lang="zh-Hans"' in shown
        with force_locale("en"):
            assert '<html lang="en"' in render_template(f"errors/{code}.html", reference="7F3C")


def test_the_demonstration_is_labelled(app: Flask) -> None:
    """Nobody should report a real danger to an invented city."""
    with app.test_request_context():
        assert "演示系统" in render_template("errors/404.html")


def test_the_other_language_is_offered_in_its_own_words(app: Flask) -> None:
    """Who reads no Chinese finds "English", and the address leads back to this page without its query."""
    app.add_url_rule("/language/<code>", "site.language", lambda code: code)
    with app.test_request_context("/report?step=2"):
        shown = render_template("errors/404.html")
        assert 'lang="en" hreflang="en" href="/language/en?next=/report">English</a>' in shown
        with force_locale("en"):
            assert 'href="/language/zh?next=/report">中文</a>' in render_template("errors/404.html")


def test_a_faulty_field_is_tied_to_its_sentence(app: Flask) -> None:
    """A reader who cannot see the red line hears the sentence with the field."""
    with app.test_request_context(method="POST"):
        form = Form(meta={"csrf": False})
        form.validate()
        shown = render_template_string(
            '{% from "_macros/forms.html" import field, choices, error_summary %}'
            "{{ error_summary(form) }}{{ field(form.what, '什么东西') }}"
            "{{ choices(form.kind) }}{{ field(form.firm) }}",
            form=form,
        )
    assert 'href="#what"' in shown
    assert 'href="#kind-0"' in shown
    assert 'aria-describedby="what-h what-e"' in shown
    assert 'id="what-e"' in shown
    assert '<fieldset class="field invalid" aria-describedby="kind-e">' in shown
    assert shown.count("aria-invalid") == 1


def test_what_a_reporter_writes_is_never_markup(app: Flask) -> None:
    """A report must not be able to run in an officer's browser."""
    with app.test_request_context():
        shown = render_template_string(
            '{% from "_macros/talk.html" import talk %}{{ talk([{"who": "您", "when": at, "text": text}]) }}',
            at=NOW,
            text="<script>alert(1)</script>",
        )
    assert "<script" not in shown


def test_no_style_or_script_needs_more_than_the_own_address() -> None:
    """The content policy refuses data: addresses and inline style; a page that uses them looks broken."""
    for path in (ROOT / "portal/static").rglob("*.css"):
        assert "url(data:" not in path.read_text().replace('"', "").replace("'", ""), path
    for path in (ROOT / "templates").rglob("*.html"):
        assert not re.search(
            r"<style|\sstyle=|\son\w+=\"|javascript:|<script(?![^>]*src=)", path.read_text()
        ), path
