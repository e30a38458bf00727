"""`python -m portal.translations.missing [PATH ...]`: message ids without Chinese, as JSON to fill in."""

from __future__ import annotations

import json
import sys

from portal.translations import catalogue


def main(paths: list[str]) -> int:
    """Print the missing messages, only those found under the paths if any; exit 1 when there are some."""
    merged = catalogue.merge(catalogue.read(), catalogue.extract())
    found = [
        message
        for message in catalogue.missing(merged)
        if not paths or any(place.startswith(tuple(paths)) for place, _ in message.locations)
    ]
    texts = {catalogue.key_of(message)[0]: "" for message in found}
    sys.stdout.write(json.dumps(texts, ensure_ascii=False, indent=2) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
