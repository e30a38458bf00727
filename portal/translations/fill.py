"""`python -m portal.translations.fill FILE.json`: put Chinese texts in the catalogue."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.catalog import Catalog

from portal.translations import catalogue


@dataclass
class Filling:
    """What became of the texts of one file."""

    filled: int = 0
    unused: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def load_texts(path: Path) -> dict[str, str]:
    """Read a JSON object of message id to text; raise ValueError when it is anything else."""
    texts = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        message = f"{path} is not a JSON object of texts"
        raise ValueError(message)
    return texts


def fill(catalog: Catalog, texts: dict[str, str]) -> Filling:
    """Set the texts in the catalogue; refuse one whose placeholders differ from its message id."""
    result = Filling()
    by_id = {catalogue.key_of(message)[0]: message for message in catalogue.messages_of(catalog)}
    for identifier, text in texts.items():
        message = by_id.get(identifier)
        forms = () if message is None else (message.id,) if isinstance(message.id, str) else message.id
        known = {name for form in forms for name in catalogue.placeholders(form)}
        if message is None:
            result.unused.append(identifier)
        elif not text.strip() or not catalogue.placeholders(text) <= known:
            result.refused.append(identifier)
        else:
            message.string = (text,) if message.pluralizable else text
            result.filled += 1
    return result


def report(result: Filling, merged: Catalog, broken: list[str]) -> str:
    """Say the outcome in words, one fact a line."""
    lines = [f"not read: {line}" for line in broken]
    lines += [f"not used in the source: {identifier!r}" for identifier in result.unused]
    lines += [f"refused, empty or unknown placeholder: {identifier!r}" for identifier in result.refused]
    lines.append(f"{result.filled} filled, {len(catalogue.missing(merged))} still without Chinese")
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Fill from the file named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m portal.translations.fill", description=__doc__)
    parser.add_argument("file", type=Path)
    texts = load_texts(parser.parse_args(arguments).file)
    with catalogue.locked():
        extraction = catalogue.extract()
        merged = catalogue.merge(catalogue.read(), extraction)
        result = fill(merged, texts)
        catalogue.write(merged)
        catalogue.compile_catalogue()
    sys.stdout.write(report(result, merged, extraction.broken))
    return 1 if result.refused else 0


if __name__ == "__main__":
    raise SystemExit(main())
