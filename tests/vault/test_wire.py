"""The vault's messages: if this fails, a few slow connections keep everybody else from the vault."""

from __future__ import annotations

import socket
import time
from threading import Thread

import pytest

from portal.vault.wire import receive, send


def test_a_message_that_comes_byte_by_byte_has_no_more_time_than_any_other() -> None:
    """Sixteen who send a byte every four seconds would hold all places for hours."""
    here, there = socket.socketpair()

    def drip() -> None:
        for byte in (200).to_bytes(4, "big") + bytes(200):
            time.sleep(0.02)
            try:
                there.send(bytes([byte]))
            except OSError:
                return

    with here, there:
        here.settimeout(0.5)
        slow = Thread(target=drip, daemon=True)
        slow.start()
        with pytest.raises(TimeoutError):
            receive(here)
        assert here.gettimeout() == 0.5
    slow.join(60)


def test_what_is_sent_arrives_whole() -> None:
    here, there = socket.socketpair()
    with here, there:
        here.settimeout(60)
        message = b"x" * 70_000
        Thread(target=send, args=(there, message), daemon=True).start()
        assert receive(here) == message
