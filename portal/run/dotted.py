"""Finding functions by dotted path, so that low modules can be named without being imported."""

from collections.abc import Callable
from importlib import import_module
from typing import Any


class PathError(Exception):
    """A registered path leads to no function; the message names it."""


def resolve(path: str) -> Callable[..., Any]:
    """The function at `package.module.name`. Raises PathError saying which part is wrong."""
    module_name, _, name = path.rpartition(".")
    try:
        module = import_module(module_name)
    except (ImportError, ValueError) as error:
        raise PathError(f"{path}: the module cannot be imported ({error})") from error
    function = getattr(module, name, None)
    if not callable(function):
        raise PathError(f"{path}: the module {module_name} has no function {name}")
    return function  # type: ignore[no-any-return]  # getattr of a module is Any
