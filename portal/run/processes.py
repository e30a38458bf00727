"""Child processes of the supervisor: in groups of their own, restarted, stopped without leftovers."""

import contextlib
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from portal.run.parent import PARENT_VARIABLE, ask_for_signal

FIRST_PAUSE = 0.5  # seconds before a restart; doubled with each early death
LONGEST_PAUSE = 30.0
# The C library would keep free memory apart for each thread, a sixth of a web process; and what a large piece
# of an upload took it would keep for the next one, as it would all that pages needed once.
MEMORY = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(128 * 1024),
    "MALLOC_TRIM_THRESHOLD_": str(256 * 1024),
}
STEADY_SECONDS = 60.0  # who lived this long is restarted at once
REPLACED_AFTER = 6 * 3600
"""Seconds that a process works: what people typed stays in its memory until it ends."""


@dataclass
class Child:
    """One program to keep running; `patience` is how many seconds it gets to end by itself.

    After `lifetime` seconds it is asked to end, finishes what it does, and is started again.
    """

    name: str
    command: Sequence[str]
    patience: float = 10.0
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = FIRST_PAUSE
    restart_at: float = field(default=0.0)
    lifetime: float = math.inf
    renewing: bool = False

    def start(self, environ: Mapping[str, str]) -> None:
        """Start the program. It gets SIGTERM when the supervisor dies; Ctrl-C does not reach it directly."""
        self.process = subprocess.Popen(  # a process group of its own, so that its own children end with it
            list(self.command),
            env={**MEMORY, **environ, PARENT_VARIABLE: str(os.getpid())},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=ask_for_signal if sys.platform.startswith("linux") else None,
        )
        self.started = time.monotonic()
        self.restart_at, self.renewing = 0.0, False

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    def watch(self, environ: Mapping[str, str]) -> str:
        """Restart it if it died, after a pause that grows; returns a sentence to print, or nothing."""
        now = time.monotonic()
        if self.alive and now - self.started > self.lifetime and not self.renewing and self.process:
            self.renewing = True
            self.process.terminate()
        if self.alive or self.process is None:
            return ""
        if not self.restart_at:
            self._end_group(signal.SIGKILL)
            self.pause = FIRST_PAUSE if now - self.started > STEADY_SECONDS else self.pause
            self.restart_at = now + self.pause
            code, pause = self.process.returncode, self.pause
            self.pause = min(self.pause * 2, LONGEST_PAUSE)
            if self.renewing:
                return ""
            return f"{self.name} ended ({ending(code)}); it is started again in {pause:g} seconds."
        if now >= self.restart_at:
            self.start(environ)
        return ""

    def stop(self) -> None:
        """Ask it to end, then make it; nothing of its group is left."""
        if self.process is None:
            return
        if self.alive:
            self.process.terminate()
            try:
                self.process.wait(self.patience)
            except subprocess.TimeoutExpired:
                self._end_group(signal.SIGKILL)
                self.process.wait()
        self._end_group(signal.SIGKILL)

    def _end_group(self, number: signal.Signals) -> None:
        """Signal whatever is left of its process group."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


def ending(code: int | None) -> str:
    """How a process ended, in words."""
    if code is not None and code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
