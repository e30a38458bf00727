"""`python -m portal.demo.codes [USERNAME]`: the one-time codes of the demonstration's accounts, now."""

from __future__ import annotations

import json
import os
import sys

import pyotp

from portal import clock
from portal.config import Settings, SettingsError

SECONDS = 30


def code_lines(settings: Settings, username: str = "") -> list[str]:
    """Return a line for each account, or for the one that is named: the code and how long it still counts."""
    content = json.loads((settings.data / "demo-accounts.json").read_text(encoding="utf-8"))
    moment = clock.now()
    left = SECONDS - int(moment.timestamp()) % SECONDS
    return [
        f"{pyotp.TOTP(row['totp_seed']).at(moment)}  {row['username']}  ({left} s)"
        for row in content["accounts"]
        if username in ("", row["username"]) and (username or row["shown"])
    ]


def main(words: list[str]) -> int:
    """Print them, or say why not."""
    try:
        settings = Settings.load(os.environ)
        lines = code_lines(settings, words[0] if words else "")
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 78
    except OSError:
        print("There is no demonstration here yet: `make run` makes one.", file=sys.stderr)
        return 1
    print("\n".join(lines) or "No such account.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
