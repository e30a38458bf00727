"""When two names, numbers or accounts are the same, however they were typed (pure)."""

from __future__ import annotations

import unicodedata


def same_name(first: str, second: str) -> bool:
    """Tell whether two names are one, however they are spaced, dotted or cased."""
    return bool(folded_name(first)) and folded_name(first) == folded_name(second)


def folded_name(name: str) -> str:
    """Return the letters of a name alone."""
    return "".join(ch for ch in unicodedata.normalize("NFKC", name).casefold() if ch.isalpha())


def folded_number(number: str) -> str:
    """Return the digits and letters of an account, identity or telephone number alone, without +86."""
    text = unicodedata.normalize("NFKC", number).upper().strip()
    text = text.removeprefix("+86").removeprefix("0086")
    return "".join(ch for ch in text if ch.isalnum())


def folded_address(address: str) -> str:
    """Return a mail address without case and without "+tag", or the digits of a telephone number."""
    if "@" not in address:
        return folded_number(address)
    name, _, host = address.strip().casefold().rpartition("@")
    return f"{name.partition('+')[0]}@{host}"
