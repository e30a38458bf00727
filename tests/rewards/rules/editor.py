"""The schema that editors check rule files with."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

SCHEMA = Path(__file__).parents[3] / "docs" / "rules" / "ruleset.schema.json"


@cache
def _validator() -> jsonschema.Draft202012Validator:
    """Return the checker of the schema, which is itself checked."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def marked(text: str) -> list[str]:
    """Return what an editor marks in a rule file."""
    errors = _validator().iter_errors(_plain(tomllib.loads(text)))
    return [f"{list(error.absolute_path)}: {error.message}" for error in errors]


def _plain(content: Any) -> Any:
    """Return what an editor sees of a file: days are texts."""
    if isinstance(content, dict):
        return {key: _plain(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_plain(value) for value in content]
    return content.isoformat() if isinstance(content, date) else content
