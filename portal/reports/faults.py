"""What is wrong with an answer of the form: a code with facts, and its sentence for the person who typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString


class FaultCode(StrEnum):
    """Why an answer is not taken."""

    NARRATIVE_EMPTY = "narrative_empty"
    NARRATIVE_SHORT = "narrative_short"
    TOO_LONG = "too_long"
    IN_FUTURE = "in_future"
    DISTRICT_UNKNOWN = "district_unknown"
    NAME_EMPTY = "name_empty"
    NAME_BUT_ANONYMOUS = "name_but_anonymous"
    TELEPHONE_EMPTY = "telephone_empty"
    TELEPHONE_WRONG = "telephone_wrong"
    EMAIL_WRONG = "email_wrong"
    ALERT_EMPTY = "alert_empty"
    CONSENT_EMPTY = "consent_empty"
    SAFE_EMPTY = "safe_empty"
    CHALLENGE_EMPTY = "challenge_empty"
    CHALLENGE_WRONG = "challenge_wrong"
    CHALLENGE_MORE = "challenge_more"
    DIGITS_EMPTY = "digits_empty"
    DIGITS_WRONG = "digits_wrong"
    DIGITS_MORE = "digits_more"
    FILES_TOO_MANY = "files_too_many"
    FILES_TOO_MUCH = "files_too_much"
    FILES_CROWDED = "files_crowded"
    FILE_EMPTY = "file_empty"
    FILE_TOO_LARGE = "file_too_large"
    FILE_NOT_ALLOWED = "file_not_allowed"
    FILE_NOT_TAKEN = "file_not_taken"
    FILE_BROKEN = "file_broken"
    FILE_TOO_MANY_PIXELS = "file_too_many_pixels"
    FILE_LOCKED = "file_locked"
    NO_SPACE = "no_space"
    DRAFT_RENEWED = "draft_renewed"
    CHOICE_UNKNOWN = "choice_unknown"
    NUMBER_WRONG = "number_wrong"
    CODE_IN_TEXT = "code_in_text"


SENTENCES: dict[FaultCode, LazyString] = {
    FaultCode.NARRATIVE_EMPTY: lazy_gettext("Please say in a line or two what you saw."),
    FaultCode.NARRATIVE_SHORT: lazy_gettext("A few words more, please: what is dangerous, and where."),
    FaultCode.TOO_LONG: lazy_gettext(
        "This is %(over)s characters too long. %(limit)s fit here; please shorten it. Nothing was lost."
    ),
    FaultCode.IN_FUTURE: lazy_gettext("%(day)s has not come yet. Please write when you saw it."),
    FaultCode.DISTRICT_UNKNOWN: lazy_gettext("Please choose the district again, or “I do not know”."),
    FaultCode.NAME_EMPTY: lazy_gettext(
        "With a real name we need your name. You can also choose to stay anonymous."
    ),
    FaultCode.NAME_BUT_ANONYMOUS: lazy_gettext(
        "You chose to stay anonymous but gave a name or a number. Choose “real name”, or empty those fields."
    ),
    FaultCode.TELEPHONE_EMPTY: lazy_gettext("With a real name we need a telephone number, to ask you."),
    FaultCode.TELEPHONE_WRONG: lazy_gettext(
        "This is no telephone number we know. A mobile number has 11 digits;"
        " a landline begins with its area code."
    ),
    FaultCode.EMAIL_WRONG: lazy_gettext("This is no e-mail address. It looks like name@example.com."),
    FaultCode.ALERT_EMPTY: lazy_gettext("Please say where to send the alert, or choose “No alerts”."),
    FaultCode.CONSENT_EMPTY: lazy_gettext("Please tick that you tell what you saw or know."),
    FaultCode.SAFE_EMPTY: lazy_gettext(
        "Please go to a safe place first, then tick that you are in one. Nothing you wrote is lost."
    ),
    FaultCode.CHALLENGE_EMPTY: lazy_gettext("Please type the characters in the picture."),
    FaultCode.CHALLENGE_WRONG: lazy_gettext(
        "The characters did not fit, or the picture was too old."
        " Here is a new one; everything you wrote is kept."
    ),
    FaultCode.CHALLENGE_MORE: lazy_gettext(
        "Many reports are coming from your network just now. Please answer one more picture, then it is sent."
    ),
    FaultCode.DIGITS_EMPTY: lazy_gettext("Please type the six digits that you hear."),
    FaultCode.DIGITS_WRONG: lazy_gettext(
        "The digits did not fit, or the recording was too old."
        " Here is a new one; everything you wrote is kept."
    ),
    FaultCode.DIGITS_MORE: lazy_gettext(
        "Many reports are coming from your network just now."
        " Please listen to one more recording, then it is sent."
    ),
    FaultCode.FILES_TOO_MANY: lazy_gettext(
        "Not uploaded: %(name)s. A report holds %(limit)s files; more can follow with your receipt code."
    ),
    FaultCode.FILES_TOO_MUCH: lazy_gettext(
        "Not uploaded: %(name)s. The files of one report may have %(most)s MB together; for this one there is"
        " no more room. The other files are safe."
    ),
    FaultCode.FILES_CROWDED: lazy_gettext(
        "Not uploaded: %(name)s. Very many files are coming from your network;"
        " please send the report without it, or try again in ten minutes."
    ),
    FaultCode.FILE_EMPTY: lazy_gettext("Not uploaded: %(name)s is empty. Please choose it again."),
    FaultCode.FILE_TOO_LARGE: lazy_gettext(
        "Not uploaded: %(name)s is too large. A picture or PDF may have 20 MB, a video 200 MB and a"
        " recording 50 MB. The other files are safe."
    ),
    FaultCode.FILE_NOT_ALLOWED: lazy_gettext(
        "Not uploaded: %(name)s is not a photo (JPEG, PNG, WebP, HEIC), a video (MP4, MOV),"
        " a recording (M4A, MP3) or a PDF. The other files are safe."
    ),
    FaultCode.FILE_NOT_TAKEN: lazy_gettext(
        "Not uploaded: %(name)s is in a format that this portal cannot open."
        " Please send a JPEG photo or an MP4 video; the other files are safe."
    ),
    FaultCode.FILE_BROKEN: lazy_gettext(
        "Not uploaded: %(name)s is damaged. Please choose it again; the other files are safe."
    ),
    FaultCode.FILE_TOO_MANY_PIXELS: lazy_gettext(
        "Not uploaded: the picture %(name)s has too many pixels. Please send a smaller copy."
    ),
    FaultCode.FILE_LOCKED: lazy_gettext("Not uploaded: %(name)s has a password. Please send it without one."),
    FaultCode.NO_SPACE: lazy_gettext(
        "Not uploaded: %(name)s could not be kept just now. Send the report without it;"
        " files can follow with your receipt code."
    ),
    FaultCode.CHOICE_UNKNOWN: lazy_gettext("Please choose again, or leave it empty."),
    FaultCode.NUMBER_WRONG: lazy_gettext("Please write a whole number, such as 12, or leave it empty."),
    FaultCode.CODE_IN_TEXT: lazy_gettext(
        "Your receipt code stands in here, and officers would read it. Please take it out;"
        " everything else you wrote is kept."
    ),
    FaultCode.DRAFT_RENEWED: lazy_gettext(
        "The form had to be opened anew. What you wrote is still here; please check it and send again."
    ),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One answer that is not taken; facts are numbers, dates and the sender's own file name."""

    code: FaultCode
    facts: Mapping[str, object] = field(default_factory=dict)

    def sentence(self) -> str:
        """Return the sentence in the reader's language."""
        text = str(SENTENCES[self.code])
        return text % self.facts if self.facts else text
