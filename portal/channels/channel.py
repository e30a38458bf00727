"""What a channel is: a name, what it needs, and how it sends. A new one is a module and a registry line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message on its way: the address is never logged, ``key`` makes a second send the same message."""

    key: str
    address: str
    subject: str
    text: str

    def __repr__(self) -> str:
        """Show the key alone."""
        return f"Parcel({self.key})"


class ChannelError(Exception):
    """The outside did not take a message; ``code`` is safe to store, ``final`` means never try again."""

    def __init__(self, code: str, *, final: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.final = final


class Channel(Protocol):
    """A way out of the portal."""

    name: str

    def ready(self) -> bool:
        """Say whether the settings name an outside to send to."""

    def send(self, parcel: Parcel) -> None:
        """Hand a message over, or raise ChannelError."""
