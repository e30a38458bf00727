"""What notices say. Neutral from the first message: never what was reported, about whom, or how much."""

from __future__ import annotations

from flask_babel import force_locale, gettext, lazy_gettext

from portal.notices.outbox import NoticeKind

# On the page the reporter is alone with his receipt: there the sentence may be about the report.
ON_PAGE = {
    NoticeKind.REPORT_RECEIVED: lazy_gettext("We have received your report."),
    NoticeKind.REPORT_ACCEPTED: lazy_gettext("Your report was accepted."),
    NoticeKind.REPORT_REFUSED: lazy_gettext("Your report was not accepted. The reason stands below."),
    NoticeKind.REPORT_TRANSFERRED: lazy_gettext("Your report was passed on to another authority."),
    NoticeKind.QUESTION_ASKED: lazy_gettext("The office has a question for you."),
    NoticeKind.VERIFICATION_STARTED: lazy_gettext("The check has begun."),
    NoticeKind.DEADLINE_EXTENDED: lazy_gettext("The check takes longer. The reason stands below."),
    NoticeKind.ANSWER_READY: lazy_gettext("The office has answered."),
    NoticeKind.REWARD_READY: lazy_gettext("There is a reward for you to claim."),
    NoticeKind.REWARD_PAID: lazy_gettext("The reward was paid."),
    NoticeKind.REWARD_RETURNED: lazy_gettext("The bank could not pay. Please give another account."),
    NoticeKind.CONTACT_OPENED: lazy_gettext(
        "Somebody asked for your contact details. Below stands who, why, and whether they were opened."
    ),
    NoticeKind.CODE_ASKED: lazy_gettext(
        "Somebody told an officer that the receipt code was lost, and asked for a new one."
    ),
    NoticeKind.CODE_RENEWED: lazy_gettext("An office renewed your receipt code."),
    NoticeKind.REPORT_WITHDRAWN: lazy_gettext("You withdrew your report."),
    NoticeKind.DUTY_CALLED: lazy_gettext("The duty officer was called because people are in danger."),
    NoticeKind.DANGER_UNDERTAKEN: lazy_gettext("Somebody is on it: an officer deals with the danger now."),
}

IN_DESK = {
    NoticeKind.DANGER_ALARM: lazy_gettext("People are in danger: somebody has to undertake this report now."),
    NoticeKind.CASE_ASSIGNED: lazy_gettext("A case was assigned to you."),
    NoticeKind.REPORTER_WROTE: lazy_gettext("The reporter wrote."),
    NoticeKind.REPORT_WITHDRAWN: lazy_gettext("The reporter withdrew."),
    NoticeKind.AWARD_TO_DECIDE: lazy_gettext("An award waits for your decision."),
    NoticeKind.AWARD_TO_SIGN: lazy_gettext("An award waits for your signature."),
    NoticeKind.AWARD_SENT_BACK: lazy_gettext("An award was sent back."),
    NoticeKind.IDENTITY_TO_ANSWER: lazy_gettext("A question about a reporter waits for your answer."),
    NoticeKind.SHARE_TO_PAY: lazy_gettext("A reward waits for payment."),
    NoticeKind.SECOND_PERSON: lazy_gettext("A colleague asks for a second person."),
    NoticeKind.CODE_ANSWERED: lazy_gettext("A second person answered about a lost receipt code."),
    NoticeKind.RULES_TO_ENFORCE: lazy_gettext("A reward rule is checked and waits for a second person."),
    NoticeKind.SEALED_DAMAGED: lazy_gettext(
        "Something sealed does not open: it was changed, or its key is missing. Tell the operator at once."
    ),
    NoticeKind.ACCOUNT_INVITED: lazy_gettext("You got a link for your account."),
    NoticeKind.PASSWORD_CHANGED: lazy_gettext("Your password was changed."),
    NoticeKind.FACTORS_CHANGED: lazy_gettext("Your second factors or recovery codes were changed."),
    NoticeKind.RECOVERY_USED: lazy_gettext("Somebody logged in to your account with a recovery code."),
    NoticeKind.RESET_ASKED: lazy_gettext(
        "Somebody lost the second factor: a second administrator has to confirm."
    ),
    NoticeKind.BREAK_GLASS: lazy_gettext(
        "The factors of an account were taken away on the host itself. Look at the event log."
    ),
}

# Shown on its own page, and no news.
NOWHERE = frozenset({NoticeKind.ALERT_TEST})


def on_page(kind: str) -> str:
    """Return the sentence for the receipt page."""
    return str(ON_PAGE[NoticeKind(kind)])


def in_desk(kind: str) -> str:
    """Return the sentence for the desk."""
    return str(IN_DESK[NoticeKind(kind)])


def outside(locale: str, *, for_staff: bool, urgent: bool = False) -> tuple[str, str]:
    """Return subject and text of a message that leaves the portal: the same for every kind but an alarm.

    Whoever reads it over a shoulder learns that a service has news, and nothing more.
    """
    with force_locale(locale):
        if for_staff and urgent:
            return (
                gettext("Urgent report waiting in your work list"),
                gettext("Urgent report waiting in your work list. Please log in now."),
            )
        if for_staff:
            return (
                gettext("Something waits in your work list"),
                gettext("Something waits in your work list. Please log in to see it."),
            )
        return (
            gettext("There is news for you"),
            gettext("There is news for you. Please look when you are alone. Do not reply to this message."),
        )
