"""The blueprint of the citizens' pages."""

from __future__ import annotations

from flask import Blueprint

public = Blueprint("public", "portal.public")
