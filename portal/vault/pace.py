"""How often a question may be asked: a taken desk cannot compare everybody with everybody."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

EQUALITY_A_MINUTE = 120


class Pace:
    """So many a minute, refilled evenly; beyond it nothing is answered."""

    def __init__(self, most: int, now: Callable[[], float] = time.monotonic) -> None:
        self._most = float(most)
        self._left = float(most)
        self._now = now
        self._at = now()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take one place; False when there is none."""
        with self._lock:
            now = self._now()
            self._left = min(self._most, self._left + (now - self._at) * self._most / 60)
            self._at = now
            if self._left < 1:
                return False
            self._left -= 1
            return True
