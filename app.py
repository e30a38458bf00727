"""Entry point: settings from the environment, then the application."""

import os
import sys

from portal import logs
from portal.config import Settings, SettingsError
from portal.factory import create_app
from portal.vault.keys import KeyFileError

if os.environ.get("FLASK_RUN_FROM_CLI") == "true":
    # The operator's commands bring what migrates the database; web workers do without its weight.
    from portal import commands

    app = commands.make_app(os.environ, sys.argv)
else:
    logs.configure()
    try:
        app = create_app(Settings.load(os.environ))
    except (SettingsError, KeyFileError) as error:
        raise SystemExit(str(error)) from None
