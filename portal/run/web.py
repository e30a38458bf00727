"""The web server: `python -m portal.run.web` serves app.py with granian, in production behind nginx."""

import os
import sys

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from portal.config import Settings, SettingsError
from portal.run.parent import die_with_parent, leave_no_core
from portal.run.processes import REPLACED_AFTER

BOTH_SERVE = 20
"""Seconds for which the old worker serves beside the new one, which loads meanwhile; else nobody answers."""

ONE_LINE = {"()": "portal.logs.OneLine"}


def make_server(settings: Settings) -> MPServer:
    """The server with its worker processes; visitors' addresses are not logged."""
    return MPServer(
        "app:app",
        address=settings.bind,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.web_workers,
        # A body that arrives slowly holds a thread: in production nginx collects it first.
        blocking_threads=settings.web_threads,
        websockets=False,
        log_level=LogLevels.warning,
        log_dictconfig={"formatters": {"generic": ONE_LINE, "access": ONE_LINE}},
        log_access=False,
        respawn_failed_workers=True,
        workers_lifetime=REPLACED_AFTER,
        respawn_interval=BOTH_SERVE,
        workers_kill_timeout=10,
    )


def main() -> int:
    """Serve until SIGTERM or SIGINT."""
    die_with_parent()
    leave_no_core()
    try:
        settings = Settings.load(os.environ)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 78
    make_server(settings).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
