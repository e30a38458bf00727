"""Which permission opens which door: every route stands here, or it stays shut."""

from __future__ import annotations

from enum import StrEnum

from flask import redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.admin import step_up
from portal.errors import NotAllowed, NotFound
from portal.people import passkeys
from portal.people.accounts import password_is_due
from portal.people.actor import Actor
from portal.people.models import Account
from portal.people.permissions import Permission


class Door(StrEnum):
    """Doors that no permission guards."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"


ACCESS: dict[str, Permission | Door] = {
    "static": Door.PUBLIC,
    # site: for both faces
    "site.healthz": Door.PUBLIC,
    "site.readyz": Door.PUBLIC,
    "site.language": Door.PUBLIC,
    "site.text_size": Door.PUBLIC,
    "site.challenge_picture": Door.PUBLIC,
    "site.challenge_sound": Door.PUBLIC,
    "site.challenge_new": Door.PUBLIC,
    # public: what a citizen sees; a visit, not an account, opens the receipt pages
    "public.home": Door.PUBLIC,
    "public.track": Door.PUBLIC,
    "public.track_report": Door.PUBLIC,
    "public.track_files": Door.PUBLIC,
    "public.track_withdraw": Door.PUBLIC,
    "public.track_name": Door.PUBLIC,
    "public.track_kept": Door.PUBLIC,
    "public.track_copy": Door.PUBLIC,
    "public.track_copy_file": Door.PUBLIC,
    "public.track_erase": Door.PUBLIC,
    "public.track_alerts": Door.PUBLIC,
    "public.track_code": Door.PUBLIC,
    "public.track_leave": Door.PUBLIC,
    "public.leave": Door.PUBLIC,
    "public.notice": Door.PUBLIC,
    "public.privacy": Door.PUBLIC,
    "public.accessibility": Door.PUBLIC,
    "public.unseen": Door.PUBLIC,
    "public.rules": Door.PUBLIC,
    "public.calculator": Door.PUBLIC,
    "public.report": Door.PUBLIC,
    "public.report_note": Door.PUBLIC,
    "public.report_code": Door.PUBLIC,
    "public.firms": Door.PUBLIC,
    "public.report_keep": Door.PUBLIC,
    "public.report_forget": Door.PUBLIC,
    # a sealed token in a header, not a cookie, opens an upload
    "public.uploads": Door.PUBLIC,
    "public.upload": Door.PUBLIC,
    "public.claim": Door.PUBLIC,
    # desk: log-in; a one-time link, not a session, opens the invitation
    "desk.login": Door.PUBLIC,
    "desk.login_passkey": Door.PUBLIC,
    "desk.invitation": Door.PUBLIC,
    "desk.logout": Door.SIGNED_IN,
    "desk.home": Door.SIGNED_IN,
    "desk.notices_read": Door.SIGNED_IN,
    "desk.account": Door.SIGNED_IN,
    "desk.account_language": Door.SIGNED_IN,
    "desk.account_telephone": Door.SIGNED_IN,
    "desk.account_password": Door.SIGNED_IN,
    "desk.account_totp": Door.SIGNED_IN,
    "desk.account_totp_confirm": Door.SIGNED_IN,
    "desk.account_recovery": Door.SIGNED_IN,
    "desk.passkey_new": Door.SIGNED_IN,
    "desk.passkey_options": Door.SIGNED_IN,
    "desk.passkey_add": Door.SIGNED_IN,
    "desk.passkey_rename": Door.SIGNED_IN,
    "desk.passkey_remove": Door.SIGNED_IN,
    "desk.step_up": Door.SIGNED_IN,
    "desk.step_up_passkey": Door.SIGNED_IN,
    "desk.session_end": Door.SIGNED_IN,
    "desk.ties": Door.SIGNED_IN,
    "desk.tie_end": Door.SIGNED_IN,
    "desk.absence": Door.SIGNED_IN,
    "desk.absence_end": Door.SIGNED_IN,
    # desk: cases; the verbs look once more, at the very case
    "desk.queue": Permission.CASE_READ,
    "desk.case": Permission.CASE_READ,
    "desk.evidence": Permission.CASE_READ,
    "desk.evidence_clean": Permission.CASE_READ,
    "desk.evidence_thumb": Permission.CASE_READ,
    "desk.evidence_page": Permission.CASE_READ,
    "desk.evidence_redacted": Permission.CASE_READ,
    "desk.evidence_sheet": Permission.CASE_READ,
    "desk.evidence_check": Permission.CASE_READ,
    "desk.evidence_again": Permission.CASE_READ,
    "desk.evidence_original": Permission.EVIDENCE_ORIGINAL,
    "desk.evidence_redact": Permission.EVIDENCE_REDACT,
    "desk.danger_undertake": Permission.CASE_READ,
    "desk.case_accept": Permission.CASE_TRIAGE,
    "desk.case_refuse": Permission.CASE_TRIAGE,
    "desk.case_transfer": Permission.CASE_TRIAGE,
    "desk.case_merge": Permission.CASE_TRIAGE,
    "desk.case_unmerge": Permission.CASE_TRIAGE,
    "desk.case_assign": Permission.CASE_ASSIGN,
    "desk.case_extend": Permission.CASE_EXTEND,
    "desk.hand_over": Permission.CASE_HAND_OVER,
    "desk.case_ask": Permission.CASE_READ,
    "desk.case_close": Permission.CASE_READ,
    "desk.case_contact": Permission.CONTACT_OPEN,
    "desk.case_hold": Permission.CASE_HOLD,
    "desk.retention": Permission.RETENTION_READ,
    "desk.report_new": Permission.REPORT_ENTER,
    "desk.case_award": Permission.AWARD_CHOOSE,
    "desk.award_stage": Permission.AWARD_CHOOSE,
    "desk.award_try": Permission.CASE_VERIFY,
    "desk.finding_facts": Permission.CASE_VERIFY,
    "desk.case_facts": Permission.CASE_VERIFY,
    "desk.award_review": Permission.AWARD_REVIEW,
    # desk: verification
    "desk.undertake": Permission.CASE_VERIFY,
    "desk.site_check": Permission.CASE_VERIFY,
    "desk.finding_new": Permission.CASE_VERIFY,
    "desk.finding_change": Permission.CASE_VERIFY,
    "desk.finding_remove": Permission.CASE_VERIFY,
    "desk.penalty_new": Permission.CASE_VERIFY,
    "desk.penalty_change": Permission.CASE_VERIFY,
    "desk.penalty_remove": Permission.CASE_VERIFY,
    "desk.no_penalty": Permission.CASE_VERIFY,
    "desk.rectification_order": Permission.CASE_VERIFY,
    "desk.rectification_step": Permission.CASE_VERIFY,
    "desk.case_conclude": Permission.CASE_VERIFY,
    "desk.case_answer": Permission.CASE_VERIFY,
    # desk: the second person for what is opened beyond a day
    "desk.openings": Permission.OPENING_SECOND,
    "desk.opening_agree": Permission.OPENING_SECOND,
    # desk: the second person for a lost receipt code
    "desk.code_answer": Permission.CODE_SECOND,
    # desk: identity officer
    "desk.identity": Permission.IDENTITY_ANSWER,
    "desk.identity_question": Permission.IDENTITY_ANSWER,
    "desk.identity_open": Permission.IDENTITY_ANSWER,
    "desk.identity_answer": Permission.IDENTITY_ANSWER,
    "desk.lost_code": Permission.IDENTITY_ANSWER,
    "desk.lost_code_name": Permission.IDENTITY_ANSWER,
    "desk.lost_code_ask": Permission.IDENTITY_ANSWER,
    "desk.lost_code_sheet": Permission.IDENTITY_ANSWER,
    "desk.cut_out": Permission.IDENTITY_ANSWER,
    "desk.cut_out_open": Permission.IDENTITY_ANSWER,
    # desk: people
    "desk.people": Permission.PEOPLE_MANAGE,
    "desk.person_new": Permission.PEOPLE_MANAGE,
    "desk.person": Permission.PEOPLE_MANAGE,
    "desk.person_disable": Permission.PEOPLE_MANAGE,
    "desk.person_enable": Permission.PEOPLE_MANAGE,
    "desk.person_password": Permission.PEOPLE_MANAGE,
    "desk.person_invite": Permission.PEOPLE_MANAGE,
    "desk.person_link_revoke": Permission.PEOPLE_MANAGE,
    "desk.person_loss": Permission.PEOPLE_MANAGE,
    "desk.person_loss_confirm": Permission.PEOPLE_MANAGE,
    "desk.person_loss_withdraw": Permission.PEOPLE_MANAGE,
    "desk.person_sessions_end": Permission.PEOPLE_MANAGE,
    "desk.units": Permission.PEOPLE_MANAGE,
    "desk.unit_add": Permission.PEOPLE_MANAGE,
    "desk.unit_change": Permission.PEOPLE_MANAGE,
    # desk: who is on duty; the verbs look once more, at the very district
    "desk.duty": Permission.DUTY_MANAGE,
    "desk.duty_copy": Permission.DUTY_MANAGE,
    # desk: what citizens are offered, the register of firms, notice boards
    "desk.catalogue": Permission.CATALOGUE_MANAGE,
    "desk.catalogue_sector": Permission.CATALOGUE_MANAGE,
    "desk.situation_add": Permission.CATALOGUE_MANAGE,
    "desk.situation_change": Permission.CATALOGUE_MANAGE,
    "desk.question_add": Permission.CATALOGUE_MANAGE,
    "desk.question_change": Permission.CATALOGUE_MANAGE,
    "desk.boards": Permission.CATALOGUE_MANAGE,
    "desk.board_make": Permission.CATALOGUE_MANAGE,
    "desk.board_end": Permission.CATALOGUE_MANAGE,
    "desk.board_print": Permission.CATALOGUE_MANAGE,
    "desk.register": Permission.REGISTER_MANAGE,
    "desk.register_read": Permission.REGISTER_MANAGE,
    "desk.register_import": Permission.REGISTER_MANAGE,
    "desk.register_put": Permission.REGISTER_MANAGE,
    "desk.register_export": Permission.REGISTER_MANAGE,
    # desk: reward rules; who puts a version in force is another person than who uploaded it
    "desk.rule_sets": Permission.RULES_READ,
    "desk.rule_set": Permission.RULES_READ,
    "desk.rule_set_file": Permission.RULES_READ,
    "desk.rule_set_changes": Permission.RULES_READ,
    "desk.rule_set_simulation": Permission.RULES_READ,
    "desk.rule_set_simulate": Permission.RULES_READ,
    "desk.rule_set_new": Permission.RULES_WRITE,
    "desk.rule_set_upload": Permission.RULES_WRITE,
    "desk.rule_set_check": Permission.RULES_WRITE,
    "desk.rule_set_withdraw": Permission.RULES_WRITE,
    "desk.rule_set_enforce": Permission.RULES_ENFORCE,
    "desk.rule_set_enforce_do": Permission.RULES_ENFORCE,
    # desk: auditor
    "desk.events": Permission.AUDIT_READ,
    "desk.deviations": Permission.AUDIT_READ,
    "desk.dossier": Permission.AUDIT_READ,
    "desk.samples": Permission.AUDIT_READ,
    "desk.sample": Permission.AUDIT_READ,
    # finance
    "finance.awards": Permission.AWARD_READ,
    "finance.award": Permission.AWARD_READ,
    "finance.award_decide": Permission.AWARD_DECIDE,
    "finance.fund": Permission.FUND_READ,
    "finance.payouts": Permission.PAYOUT_RECORD,
    "finance.payout": Permission.PAYOUT_RECORD,
    "finance.payout_payee": Permission.PAYOUT_RECORD,
    "finance.payout_record": Permission.PAYOUT_RECORD,
}

# What somebody must do first, by the page on which he does it -> what stays open meanwhile.
FIRST: dict[str, frozenset[str]] = {
    "desk.account_password": frozenset({"desk.account_password", "desk.logout"}),
    "desk.passkey_new": frozenset(
        {
            "desk.passkey_new",
            "desk.passkey_options",
            "desk.passkey_add",
            "desk.step_up_passkey",
            "desk.logout",
        }
    ),
}


def may_open(actor: Actor, rule: Permission | Door | None) -> bool:
    """Say whether somebody who is signed in gets through a door; no rule means shut."""
    return isinstance(rule, Door) or (rule is not None and actor.may(rule))


def guard() -> Response | tuple[str, int] | None:
    """Let a request through only as the table says; an endpoint without a row is not found."""
    endpoint = request.endpoint
    if endpoint is None:
        return None
    rule = ACCESS.get(endpoint)
    if rule is None:
        raise NotFound
    if rule is Door.PUBLIC:
        return None
    if not current_user.is_authenticated:
        return redirect(url_for("desk.login"))
    first = owed(current_user.account)
    if first and endpoint not in FIRST[first]:
        return redirect(url_for(first))
    if not may_open(current_user.actor, rule):
        raise NotAllowed
    if step_up.is_needed(endpoint, rule, request.method):
        return step_up.pass_or_ask()
    return None


def owed(account: Account) -> str:
    """Return the page on which somebody has to do something before any other opens; empty for none.

    A password that was given out or is too old opens only the page on which it is changed; a role that needs
    a passkey opens nothing before there is one.
    """
    if password_is_due(account, clock.now()):
        return "desk.account_password"
    return "desk.passkey_new" if passkeys.is_owed(account) else ""
