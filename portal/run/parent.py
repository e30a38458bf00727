"""A child that the supervisor started must not outlive it; a process that crashes leaves no core file."""

import ctypes
import os
import resource
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


def leave_no_core() -> None:
    """No copy of the memory, with what people typed, is written when this process or its children crash."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def ask_for_signal(number: int = signal.SIGTERM) -> None:
    """Set the signal that the kernel sends at the parent's death. It survives exec, not fork."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
