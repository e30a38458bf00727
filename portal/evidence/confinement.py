"""What a child process that opens one stranger's file may use, and how it answers.

The child reads the file at descriptor 0, writes its results to the descriptors it was given and one line of
JSON to descriptor 1. It is told nothing else: no keys, no environment, no path.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from portal.evidence.inspection import (
    HEAD_BYTES,
    TAIL_BYTES,
    InspectionError,
    InspectionFault,
    Kind,
    MediaType,
    check_tail,
    quick_check,
)

_MIB = 1024 * 1024
OPEN_FILES = 32


@dataclass(frozen=True, slots=True)
class Limits:
    """What one child may use: bytes of memory and of each result, seconds of computing and of waiting."""

    memory: int
    output: int
    cpu: int
    wall: float
    wall_per_mib: float = 0.0

    def patience(self, size: int) -> float:
        """Return the seconds after which the child for a file of so many bytes is stopped."""
        return self.wall + self.wall_per_mib * size / _MIB


# A film is copied, not coded: its time goes with its size, 200 MB at most. Nothing small takes 15 seconds.
LIMITS = {
    Kind.PICTURE: Limits(640 * _MIB, 64 * _MIB, 10, 13),
    Kind.DOCUMENT: Limits(640 * _MIB, 64 * _MIB, 10, 13),
    Kind.VIDEO: Limits(1024 * _MIB, 224 * _MIB, 30, 13, 0.25),
    Kind.AUDIO: Limits(1024 * _MIB, 224 * _MIB, 30, 13, 0.25),
}

Facts = dict[str, object]
Work = Callable[[MediaType, BinaryIO, list[BinaryIO]], Facts]


def confine(limits: Limits) -> None:
    """Limit this process's memory, time and output; no core files, which would hold the picture."""
    for limit, value in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, limits.cpu),
        (resource.RLIMIT_FSIZE, limits.output),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


def answer(expected: frozenset[MediaType], work: Work, kind: Kind) -> None:
    """Do the work on descriptor 0 under limits and print facts or a fault as JSON.

    The arguments are the descriptors that the results are written to.
    """
    confine(LIMITS[kind])
    source = os.fdopen(0, "rb")
    results: list[BinaryIO] = [os.fdopen(int(descriptor), "wb") for descriptor in sys.argv[1:]]
    try:
        reply = work(_check_outside(source, expected), source, results)
        for result in results:
            result.flush()
    except InspectionError as error:
        reply = {"fault": error.code.value}
    except MemoryError:
        reply = {"fault": "too_costly"}
    sys.stdout.write(json.dumps(reply))
    sys.stdout.flush()
    os._exit(0)  # nothing is left to tidy, and tidying costs a fifth of the time


def _check_outside(source: BinaryIO, expected: frozenset[MediaType]) -> MediaType:
    """Check first and last bytes again: this process trusts nobody's earlier look."""
    size = source.seek(0, os.SEEK_END)
    source.seek(0)
    media_type = quick_check(source.read(HEAD_BYTES), size)
    source.seek(max(0, size - TAIL_BYTES))
    check_tail(source.read(TAIL_BYTES))
    source.seek(0)
    if media_type not in expected:
        raise InspectionError(InspectionFault.NOT_ALLOWED)
    return media_type
