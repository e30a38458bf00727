"""Entry point: settings from the environment, then the application."""

import os

from portal.config import Settings
from portal.factory import create_app

app = create_app(Settings.load(os.environ))
