"""What a reporter types to be paid: folded, checked, and a code for what is wrong (pure)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from stdnum import luhn

HOLDER_LENGTH = 60
BANK_LENGTH = 80
TELEPHONE_LENGTH = 20
ACCOUNT_DIGITS = range(12, 20)
# Cards of Chinese banks begin with 62 and carry a check digit; account numbers of passbooks do not.
CARD_PREFIX = "62"
CARD_DIGITS = range(16, 20)


class PayeeFault(StrEnum):
    """Why something typed is not taken."""

    HOLDER = "holder"
    BANK = "bank"
    ACCOUNT_EMPTY = "account_empty"
    ACCOUNT_CHARACTERS = "account_characters"
    ACCOUNT_LENGTH = "account_length"
    ACCOUNT_CHECK = "account_check"
    TELEPHONE = "telephone"


@dataclass(frozen=True, slots=True)
class Payee:
    """An account in the reporter's own name; never shown by repr."""

    holder: str
    bank: str
    account: str
    telephone: str = ""

    def __repr__(self) -> str:
        """Show nothing."""
        return "Payee()"


def typed_payee(holder: str, bank: str, account: str, telephone: str = "") -> Payee:
    """Return what was typed, with full-width forms and spaces folded."""
    return Payee(_words(holder), _words(bank), _digits(account), _digits(telephone))


def faults(payee: Payee) -> dict[str, PayeeFault]:
    """Return what is wrong, by field; empty when it can be paid to."""
    found: dict[str, PayeeFault] = {}
    if not _is_text(payee.holder, HOLDER_LENGTH):
        found["holder"] = PayeeFault.HOLDER
    if not _is_text(payee.bank, BANK_LENGTH):
        found["bank"] = PayeeFault.BANK
    account = _account_fault(payee.account)
    if account:
        found["account"] = account
    if payee.telephone and not _is_telephone(payee.telephone):
        found["telephone"] = PayeeFault.TELEPHONE
    return found


def masked(account: str) -> str:
    """Return the last four digits behind four stars."""
    return f"**** {account[-4:]}" if len(account) >= min(ACCOUNT_DIGITS) else "****"


def _words(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _digits(text: str) -> str:
    return "".join(ch for ch in unicodedata.normalize("NFKC", text) if not ch.isspace() and ch not in "-‐–—−")


def _is_text(text: str, longest: int) -> bool:
    letters = sum(ch.isalpha() for ch in text)
    return letters >= 2 and len(text) <= longest and text.isprintable()


def _is_telephone(text: str) -> bool:
    digits = text.removeprefix("+")
    return digits.isascii() and digits.isdigit() and 7 <= len(digits) <= TELEPHONE_LENGTH


def _account_fault(account: str) -> PayeeFault | None:
    if not account:
        return PayeeFault.ACCOUNT_EMPTY
    if not (account.isascii() and account.isdigit()):
        return PayeeFault.ACCOUNT_CHARACTERS
    if len(account) not in ACCOUNT_DIGITS:
        return PayeeFault.ACCOUNT_LENGTH
    is_card = account.startswith(CARD_PREFIX) and len(account) in CARD_DIGITS
    return PayeeFault.ACCOUNT_CHECK if is_card and not luhn.is_valid(account) else None
