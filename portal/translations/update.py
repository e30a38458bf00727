"""`python -m portal.translations.update`: bring the catalogue up to date with the source."""

from __future__ import annotations

import sys

from portal.translations import catalogue


def main() -> int:
    """Extract, merge, write and compile; print what is missing in figures."""
    with catalogue.locked():
        extraction = catalogue.extract()
        merged = catalogue.merge(catalogue.read(), extraction)
        catalogue.write(merged)
        catalogue.compile_catalogue()
    for line in extraction.broken:
        sys.stderr.write(f"not read: {line}\n")
    sys.stdout.write(f"{len(merged)} messages, {len(catalogue.missing(merged))} without Chinese\n")
    return 1 if extraction.broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
