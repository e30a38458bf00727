"""The Chinese catalogue: collect message ids from the source, keep translations, write and compile."""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TypeAlias

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
DIRECTORY = Path(__file__).resolve().parent
LOCALE = "zh_Hans"
PO_PATH = DIRECTORY / LOCALE / "LC_MESSAGES" / "messages.po"

KEYWORDS = DEFAULT_KEYWORDS | {
    "lazy_gettext": None,
    "lazy_ngettext": (1, 2),
    "gettext_noop": None,
    "tr": None,
}
JINJA_OPTIONS = {"encoding": "utf-8", "trimmed": "true", "silent": "false"}
# Lines of the header that change with the hour or the tool and would make every run a conflict.
VOLATILE_HEADER = re.compile(
    rb'^"(POT-Creation-Date|PO-Revision-Date|Last-Translator|Generated-By|Report-Msgid-Bugs-To):.*\n', re.M
)
PLACEHOLDER = re.compile(r"%\((\w+)\)[sdf]")

MessageKey: TypeAlias = tuple[str, str | None]


@dataclass
class Extraction:
    """Message ids found in the source; `broken` names the files that could not be read this time."""

    catalog: Catalog
    broken: list[str] = field(default_factory=list)


def key_of(message: Message) -> MessageKey:
    """What a message is known by: its (singular) id and its context."""
    identifier = message.id if isinstance(message.id, str) else message.id[0]
    return identifier, message.context


def messages_of(catalog: Catalog) -> Iterator[Message]:
    """All messages but the header."""
    return (message for message in catalog if message.id)


def is_translated(message: Message) -> bool:
    """Whether every form of the message has a text."""
    forms = forms_of(message)
    return bool(forms) and all(forms)


def forms_of(message: Message) -> tuple[str, ...]:
    """Texts of the message: one, or one for each plural form of the language."""
    if isinstance(message.string, str):
        return (message.string,)
    return tuple(message.string or ())


def placeholders(text: str) -> set[str]:
    """Names of the %(x)s placeholders in a text."""
    return set(PLACEHOLDER.findall(text))


def sources(root: Path) -> Iterator[tuple[str, Path]]:
    """Every file that may hold message ids, with the method that reads it."""
    for path in sorted((root / "portal").rglob("*.py")):
        yield "python", path
    for suffix in ("html", "txt"):
        for path in sorted((root / "templates").rglob(f"*.{suffix}")):
            yield "jinja2", path


def extract(root: Path = ROOT) -> Extraction:
    """Collect the message ids of portal/ and templates/; a file with a syntax error is only named."""
    result = Extraction(Catalog(locale=LOCALE))
    for method, path in sources(root):
        name = path.relative_to(root).as_posix()
        try:
            found = list(
                extract_from_file(
                    method, path, keywords=KEYWORDS, options=JINJA_OPTIONS if method == "jinja2" else None
                )
            )
        # The readers raise what their parsers raise: SyntaxError, TokenError, TemplateSyntaxError, OSError.
        except Exception as fault:
            result.broken.append(f"{name}: {fault}")
            continue
        for line, identifier, comments, context in found:
            result.catalog.add(identifier, None, [(name, line)], auto_comments=comments, context=context)
    return result


def read(path: Path = PO_PATH) -> Catalog:
    """The catalogue as it is on disk; empty when there is none yet."""
    if not path.exists():
        return Catalog(locale=LOCALE)
    with path.open("rb") as file:
        return read_po(file, locale=LOCALE)


def merge(old: Catalog, extraction: Extraction) -> Catalog:
    """Give the ids of the source the texts of the old catalogue; nothing obsolete, nothing fuzzy."""
    texts = {key_of(message): message for message in messages_of(old)}
    merged = Catalog(locale=LOCALE, project="Woodpecker", fuzzy=False)
    merged.header_comment = "# Simplified Chinese texts of the portal. Written by portal.translations.fill."
    for message in messages_of(extraction.catalog):
        add(merged, message, texts.pop(key_of(message), None))
    if extraction.broken:
        # A file that cannot be read today would lose its texts for good: keep what cannot be judged.
        for message in texts.values():
            add(merged, message, message)
    return merged


def add(catalog: Catalog, message: Message, known: Message | None) -> None:
    """Add a message with the text already known for it, if any."""
    forms = forms_of(known) if known is not None and is_translated(known) else ("",)
    catalog.add(
        message.id,
        forms if message.pluralizable else forms[0],
        message.locations,
        flags=message.flags - {"fuzzy"},
        context=message.context,
    )


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write(catalog: Catalog, path: Path = PO_PATH) -> None:
    """Write the catalogue: sorted, without places or dates, so that two branches merge line by line."""
    buffer = BytesIO()
    write_po(buffer, catalog, no_location=True, sort_output=True, ignore_obsolete=True, width=110)
    replace_file(path, VOLATILE_HEADER.sub(b"", buffer.getvalue()))


def compile_catalogue(path: Path = PO_PATH) -> Path:
    """Write the .mo file beside the .po file and return its path."""
    buffer = BytesIO()
    write_mo(buffer, read(path))
    target = path.with_suffix(".mo")
    replace_file(target, buffer.getvalue())
    return target


def ensure_compiled(path: Path = PO_PATH) -> None:
    """Compile the catalogue when the .mo file is missing or older; safe with several processes at once."""
    target = path.with_suffix(".mo")
    if not target.exists() or target.stat().st_mtime_ns < path.stat().st_mtime_ns:
        compile_catalogue(path)


@contextmanager
def locked(path: Path = PO_PATH) -> Iterator[None]:
    """Hold the catalogue for one writer; the lock is on its directory and dies with the process."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def missing(catalog: Catalog) -> list[Message]:
    """Messages without a Chinese text, by id."""
    return sorted(
        (m for m in messages_of(catalog) if not is_translated(m)),
        key=lambda m: (key_of(m)[0], m.context or ""),
    )
