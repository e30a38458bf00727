"""Entry point: settings from the environment, then the application."""

import os
import sys

from flask import Flask

CALLED = os.environ.get("FLASK_RUN_FROM_CLI") == "true"

if CALLED and "rules" in sys.argv:
    # What reads rule files alone starts without settings, keys and database: at once, on any machine.
    from portal.rewards.terminal.group import is_pure, rules

    pure = is_pure(sys.argv)
else:
    pure = False

if pure:
    app = Flask("portal", static_folder=None)
    app.cli.add_command(rules)
elif CALLED:
    # The operator's commands bring what migrates the database; web workers do without its weight.
    from portal import commands

    app = commands.make_app(os.environ, sys.argv)
else:
    from portal import logs
    from portal.config import Settings, SettingsError
    from portal.factory import create_app
    from portal.vault.keyfiles import KeyFileError

    logs.configure()
    try:
        app = create_app(Settings.load(os.environ))
    except (SettingsError, KeyFileError) as error:
        raise SystemExit(str(error)) from None
