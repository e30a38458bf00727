"""The tool that keeps the Chinese catalogue, and the catalogue itself."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from portal.translations import catalogue, fill

PAGE = '{{ _("Hello %(name)s", name=n) }}{{ ngettext("%(num)s day", "%(num)s days", 2) }}'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A source tree with one page and one module."""
    (tmp_path / "portal").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "portal/a.py").write_text('from flask_babel import lazy_gettext\nx = lazy_gettext("Late")\n')
    (tmp_path / "templates/a.html").write_text(PAGE)
    return tmp_path


def texts_of(catalog: Catalog) -> dict[str, object]:
    """Message ids with their Chinese."""
    return {catalogue.key_of(m)[0]: m.string for m in catalogue.messages_of(catalog)}


def test_ids_are_found_in_modules_and_pages(root: Path) -> None:
    """A sentence that is not found stays English on a Chinese page."""
    assert set(texts_of(catalogue.extract(root).catalog)) == {"Late", "Hello %(name)s", "%(num)s day"}


def test_texts_survive_a_run_and_obsolete_ones_go(root: Path, tmp_path: Path) -> None:
    """Else a colleague's translations vanish with the next run, or pile up for ever."""
    path = tmp_path / "zh" / "messages.po"
    merged = catalogue.merge(catalogue.read(path), catalogue.extract(root))
    fill.fill(merged, {"Late": "晚了", "%(num)s day": "%(num)s 天"})
    catalogue.write(merged, path)
    (root / "portal/a.py").unlink()
    again = catalogue.merge(catalogue.read(path), catalogue.extract(root))
    assert texts_of(again) == {"Hello %(name)s": "", "%(num)s day": ("%(num)s 天",)}


def test_a_page_that_cannot_be_read_today_keeps_its_texts(root: Path, tmp_path: Path) -> None:
    """Somebody's half-written page must not cost the others their work."""
    path = tmp_path / "zh" / "messages.po"
    merged = catalogue.merge(catalogue.read(path), catalogue.extract(root))
    fill.fill(merged, {"Hello %(name)s": "您好，%(name)s"})
    catalogue.write(merged, path)
    (root / "templates/a.html").write_text("{% if %}")
    extraction = catalogue.extract(root)
    assert [line.split(":")[0] for line in extraction.broken] == ["templates/a.html"]
    assert texts_of(catalogue.merge(catalogue.read(path), extraction))["Hello %(name)s"] == "您好，%(name)s"


def test_a_text_with_a_foreign_placeholder_is_refused(root: Path) -> None:
    """A placeholder nobody fills breaks the page when it is shown."""
    merged = catalogue.merge(Catalog(locale="zh_Hans"), catalogue.extract(root))
    result = fill.fill(merged, {"Hello %(name)s": "您好，%(nam)s", "Late": " ", "Unknown": "不知道"})
    assert (result.filled, result.unused, result.refused) == (0, ["Unknown"], ["Hello %(name)s", "Late"])


def test_a_file_that_is_no_object_of_texts_is_refused(tmp_path: Path) -> None:
    """A list would be filled in silently with nothing."""
    (tmp_path / "a.json").write_text(json.dumps({"Late": ["晚了"]}))
    with pytest.raises(ValueError, match="not a JSON object of texts"):
        fill.load_texts(tmp_path / "a.json")


def test_two_writers_do_not_lose_each_others_texts(root: Path, tmp_path: Path) -> None:
    """Several people translate at once; the lock makes them take turns."""
    path = tmp_path / "zh" / "messages.po"
    (root / "portal/a.py").write_text("".join(f'gettext("Word {n}")\n' for n in range(8)))

    def put(number: int) -> None:
        with catalogue.locked(path):
            merged = catalogue.merge(catalogue.read(path), catalogue.extract(root))
            fill.fill(merged, {f"Word {number}": f"词 {number}"})
            catalogue.write(merged, path)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(8)))
    done = texts_of(catalogue.read(path))
    assert {f"Word {n}": f"词 {n}" for n in range(8)}.items() <= done.items()


def test_a_stale_compiled_file_is_written_anew(root: Path, tmp_path: Path) -> None:
    """Else a new sentence shows in English until somebody thinks of compiling."""
    path = tmp_path / "zh" / "messages.po"
    catalogue.write(catalogue.merge(Catalog(locale="zh_Hans"), catalogue.extract(root)), path)
    catalogue.ensure_compiled(path)
    first = path.with_suffix(".mo").stat().st_mtime_ns
    catalogue.ensure_compiled(path)
    assert path.with_suffix(".mo").stat().st_mtime_ns == first
    catalogue.write(catalogue.merge(Catalog(locale="zh_Hans"), catalogue.extract(root)), path)
    catalogue.ensure_compiled(path)
    assert path.with_suffix(".mo").stat().st_mtime_ns > first


def test_the_chinese_catalogue_is_complete_and_current() -> None:
    """A citizen must not meet an English sentence on a Chinese page."""
    extraction = catalogue.extract()
    assert extraction.broken == []
    merged = catalogue.merge(catalogue.read(), extraction)
    assert [catalogue.key_of(message) for message in catalogue.missing(merged)] == []
    assert set(texts_of(merged)) == set(texts_of(catalogue.read())), "run portal.translations.update"


def test_chinese_texts_keep_the_tone_of_the_house() -> None:
    """No exclamation marks, no half-width punctuation after a Chinese word."""
    for identifier, text in texts_of(catalogue.read()).items():
        shown = text if isinstance(text, str) else "".join(map(str, text)) if isinstance(text, tuple) else ""
        assert not re.search(r"[!！]|[一-鿿][,;?](?![a-z])", shown), identifier
