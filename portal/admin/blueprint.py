"""The blueprint of the staff desk."""

from __future__ import annotations

from flask import Blueprint

desk = Blueprint("desk", "portal.admin")
