"""Reads typed values out of environment variables and remembers every fault, not only the first."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class Environment:
    """Typed reader of one environment; `faults` holds a sentence for each value that cannot be used."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.faults: list[str] = []

    def fault(self, sentence: str) -> None:
        """Remember one fault."""
        self.faults.append(sentence)

    def text(self, name: str, default: str = "") -> str:
        """The value without surrounding blanks; an empty value counts as absent."""
        value = self._values.get(name, "").strip()
        if any(ord(letter) < 32 for letter in value):
            self.fault(f"{name} holds control characters.")
            return default
        return value or default

    def secret(self, name: str, default: str = "") -> str:
        """The value of NAME, or the content of the file that NAME_FILE names; never both."""
        value, file = self.text(name), self.text(f"{name}_FILE")
        if value and file:
            self.fault(f"{name} and {name}_FILE are both set; keep one.")
        if not file:
            return value or default
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            self.fault(f"{name}_FILE cannot be read: {type(error).__name__}.")
            return default

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """One of the allowed words."""
        value = self.text(name, default)
        if value not in allowed:
            self.fault(f"{name} is {value!r}; it must be one of {', '.join(allowed)}.")
            return default
        return value

    def words(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A list separated by commas, in order, without empty entries."""
        value = self.text(name)
        return tuple(word for word in (part.strip() for part in value.split(",")) if word) or default

    def number(self, name: str, default: int, least: int = 0, most: int = 10**9) -> int:
        """A whole number within bounds."""
        value = self.text(name, str(default))
        if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
            self.fault(f"{name} is {value!r}; it must be a whole number from {least} to {most}.")
            return default
        return int(value)

    def url(self, name: str, value: str, schemes: tuple[str, ...]) -> SplitResult:
        """The parts of an address; faults do not repeat it, because it may carry a password."""
        try:
            parts = urlsplit(value)
            port_is_good = parts.port is None or 0 < parts.port < 65536
        except ValueError:
            parts, port_is_good = urlsplit(""), False
        if value and not (port_is_good and parts.scheme in schemes):
            self.fault(
                f"{name} is not an address that starts with {' or '.join(f'{s}://' for s in schemes)}."
            )
            return urlsplit("")
        return parts

    def zone(self, name: str, default: str) -> str:
        """A name of the time zone database."""
        value = self.text(name, default)
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fault(f"{name} is {value!r}, which is no time zone; an example is {default}.")
            return default
        return value

    def unknown(self, prefix: str, known: frozenset[str]) -> None:
        """Fault each variable with our prefix that no setting reads: a misspelt switch must not be silent."""
        for name in sorted(self._values):
            if name.startswith(prefix) and name.removesuffix("_FILE") not in known:
                self.fault(f"{name} is not a setting of the portal; correct the name or remove it.")
