"""A child that the supervisor started must not outlive it, even if the supervisor is killed."""

import ctypes
import os
import signal
import sys

PARENT_VARIABLE = "WOODPECKER_SUPERVISOR_PID"
_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask Linux for SIGTERM when the parent dies; only for a child of the supervisor."""
    parent = os.environ.get(PARENT_VARIABLE)
    if not parent or not sys.platform.startswith("linux"):
        return
    ask_for_signal()
    if os.getppid() != int(parent):  # it died before we asked
        os.kill(os.getpid(), signal.SIGTERM)


def ask_for_signal(number: int = signal.SIGTERM) -> None:
    """Set the signal that the kernel sends at the parent's death. It survives exec, not fork."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
