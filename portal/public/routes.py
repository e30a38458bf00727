"""All pages of the citizens: importing a module binds its routes."""

from __future__ import annotations

from portal.public import (
    alerts,  # noqa: F401
    calculator,  # noqa: F401
    claim,  # noqa: F401
    code_first,  # noqa: F401
    code_page,  # noqa: F401
    erase,  # noqa: F401
    filing,  # noqa: F401
    firms,  # noqa: F401
    home,  # noqa: F401
    keeping,  # noqa: F401
    kept,  # noqa: F401
    late_name,  # noqa: F401
    more_files,  # noqa: F401
    pages,  # noqa: F401
    receipt_page,  # noqa: F401
    tracking,  # noqa: F401
    uploads,  # noqa: F401
)
from portal.public.blueprint import public

__all__ = ["public"]
