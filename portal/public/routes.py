"""All pages of the citizens: importing a module binds its routes."""

from __future__ import annotations

from portal.public import claim  # noqa: F401
from portal.public import filing  # noqa: F401
from portal.public import home  # noqa: F401
from portal.public import more_files  # noqa: F401
from portal.public import pages  # noqa: F401
from portal.public import receipt_page  # noqa: F401
from portal.public import tracking  # noqa: F401
from portal.public.blueprint import public

__all__ = ["public"]
