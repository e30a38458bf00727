"""Why a file that came with a form was not taken, as the form's own sentence says it."""

from __future__ import annotations

from portal.evidence.inspection import InspectionError, InspectionFault
from portal.evidence.store import StoreError, StoreFault
from portal.reports import wording
from portal.reports.faults import FaultCode

SHOWN_NAME = 60  # characters of the sender's file name that a sentence repeats

_OF_INSPECTION = {
    InspectionFault.EMPTY: FaultCode.FILE_EMPTY,
    InspectionFault.TOO_LARGE: FaultCode.FILE_TOO_LARGE,
    InspectionFault.NOT_ALLOWED: FaultCode.FILE_NOT_ALLOWED,
    InspectionFault.NOT_TAKEN: FaultCode.FILE_NOT_TAKEN,
    InspectionFault.BROKEN: FaultCode.FILE_BROKEN,
    InspectionFault.TOO_MANY_PIXELS: FaultCode.FILE_TOO_MANY_PIXELS,
    InspectionFault.ENCRYPTED_PDF: FaultCode.FILE_LOCKED,
    InspectionFault.TOO_LONG: FaultCode.FILE_TOO_LARGE,
    InspectionFault.UNKNOWN_CODING: FaultCode.FILE_NOT_TAKEN,
}


def fault_of(error: InspectionError | StoreError) -> FaultCode:
    """Return what is said of a file that inspection or the store refused."""
    if isinstance(error, InspectionError):
        return _OF_INSPECTION[error.code]
    return FaultCode.FILE_TOO_LARGE if error.code is StoreFault.TOO_LARGE else FaultCode.NO_SPACE


def shown_name(name: str | None) -> str:
    """Return a file's name as a sentence repeats it; marks that turn the reading direction round are gone."""
    return wording.line(name or "")[:SHOWN_NAME]
