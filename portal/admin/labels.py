"""Names of roles and units, under the name by which the desk's pages know them."""

from __future__ import annotations

from portal.people.labels import ROLES, role_label, unit_name

__all__ = ["ROLES", "role_label", "unit_name"]
