"""`python -m portal.translations.compile`: write the .mo file the portal reads at start."""

from __future__ import annotations

import sys

from portal.translations import catalogue


def main() -> int:
    """Compile and say how many messages."""
    catalogue.compile_catalogue()
    sys.stdout.write(f"{len(catalogue.read())} messages compiled\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
