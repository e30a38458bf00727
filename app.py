"""Entry point: settings from the environment, then the application."""

import os
import sys

from portal import commands
from portal.config import Settings, SettingsError
from portal.factory import create_app
from portal.vault.keys import KeyFileError

try:
    app = create_app(Settings.load(os.environ))
except (SettingsError, KeyFileError) as error:
    if not commands.is_mending(sys.argv, os.environ):
        raise SystemExit(str(error)) from None
    app = commands.mending_app(error)
