"""What the page of a file calls things: kinds, the state of its checksum, what the scanner said."""

from __future__ import annotations

from flask_babel import gettext, lazy_gettext
from flask_babel.speaklater import LazyString

from portal.evidence.models import CleanState, Evidence, ScanState
from portal.presentation import when

KINDS = {
    "image": lazy_gettext("Picture"),
    "video": lazy_gettext("Film"),
    "audio": lazy_gettext("Recording"),
    "application": lazy_gettext("Document"),
}
REMOVED = {
    "image": lazy_gettext("a clean copy: place, camera and file name are removed"),
    "video": lazy_gettext("a clean copy: picture and sound only; place, camera and file name are removed"),
    "audio": lazy_gettext("a clean copy: sound only; place, device and file name are removed"),
    "application": lazy_gettext("a clean copy: pages only; author, scripts and attached files are removed"),
}
SCANS: dict[ScanState, LazyString] = {
    ScanState.NOT_SCANNED: lazy_gettext(
        "not scanned: there was no virus scanner, or the file is too long for it"
    ),
    ScanState.CLEAN: lazy_gettext("scanned, no virus found"),
    ScanState.INFECTED: lazy_gettext("virus found: nothing of it is shown"),
    ScanState.WAITING: lazy_gettext("waits for the virus scanner"),
}
FAULTS: dict[str, LazyString] = {
    "absent": lazy_gettext("The original is missing from the store. It has to come back from the backup."),
    "damaged": lazy_gettext(
        "The original is damaged: it is not what came in. It has to come back from the backup."
    ),
}
# Why a file could not be cleaned; any other reason lies with the portal.
NOT_CLEANED: dict[str, LazyString] = {
    "broken": lazy_gettext("This file is broken: no program opens it."),
    "encrypted_pdf": lazy_gettext("This document is locked with a password."),
    "too_many_pixels": lazy_gettext("This picture is larger than can be opened here."),
    "too_long": lazy_gettext("This film or recording is longer than can be taken."),
    "too_large": lazy_gettext("This file is larger than can be taken."),
    "unknown_coding": lazy_gettext("This film or recording is coded in a way that cannot be played here."),
    "not_taken": lazy_gettext("This file is of a kind that cannot be shown here."),
    "not_allowed": lazy_gettext("This file is of a kind that cannot be shown here."),
    "too_costly": lazy_gettext("Cleaning this file took more time or memory than there was."),
}
COPY_FAULT = lazy_gettext(
    "A copy of this file is missing or damaged. The original is as it was when it came."
)


def kind(item: Evidence) -> str:
    """Return the first half of the media type, of the clean copy where there is one."""
    return (item.clean_type or item.media_type).partition("/")[0]


def kind_word(item: Evidence) -> str:
    """Return what a file is called."""
    return str(KINDS.get(kind(item), KINDS["application"]))


def checksum_state(item: Evidence) -> str:
    """Return what is known of the original, and since when."""
    if item.verified_at is None:
        return str(gettext("not compared again yet"))
    if item.store_fault in FAULTS:
        return str(gettext("not as it was when it came (%(when)s)", when=when(item.verified_at)))
    return str(gettext("as it was when it came (compared %(when)s)", when=when(item.verified_at)))


def fault_sentence(item: Evidence) -> str:
    """Return what is wrong with the stored files; empty when nothing is."""
    return str(FAULTS.get(item.store_fault, COPY_FAULT)) if item.store_fault else ""


def why_not_shown(item: Evidence) -> str:
    """Return why there is no clean copy; empty when there is one."""
    if item.clean_state is CleanState.CLEAN:
        return ""
    if item.scan_state is ScanState.INFECTED:
        return str(
            gettext("There is a virus in this file, so it is not shown. Ask the reporter for another one.")
        )
    if item.scan_state is ScanState.WAITING:
        return str(
            gettext("This file waits for the virus scanner. It appears here as soon as it was looked at.")
        )
    if item.clean_state is CleanState.FAILED:
        return _why_not_cleaned(item)
    return str(gettext("This file is not cleaned yet. It appears here in a minute or two."))


def _why_not_cleaned(item: Evidence) -> str:
    why = NOT_CLEANED.get(item.fault, "")
    text = gettext("This file could not be cleaned, so it is not shown. Ask the reporter for another one.")
    return f"{why} {text}" if why else str(text)


def length(milliseconds: int) -> str:
    """Return a length as minutes and seconds: 1:07."""
    seconds = round(milliseconds / 1000)
    return f"{seconds // 60}:{seconds % 60:02d}"


def measures(item: Evidence) -> str:
    """Return pixels, pages and length, as far as they are known."""
    said = []
    if item.width and item.height:
        said.append(f"{item.width} × {item.height}")
    if item.pages:
        said.append(str(gettext("%(count)s pages", count=item.pages)))
    if item.duration_ms:
        said.append(length(item.duration_ms))
    return " · ".join(said)
