"""If these fail, a command at a terminal speaks English to an official who reads Chinese."""

from __future__ import annotations

import gettext

import pytest

from portal.rewards.wording.speech import CATALOGUES, Catalogue, CatalogueTongue
from portal.translations import catalogue

COMPILED = CATALOGUES / "zh_Hans" / "LC_MESSAGES" / "messages.mo"


def test_the_quick_catalogue_says_what_the_standard_one_says() -> None:
    tongue = CatalogueTongue("zh")
    with COMPILED.open("rb") as file:
        slow = gettext.GNUTranslations(file)
    plain = [
        str(one.id) for one in catalogue.read() if one.id and isinstance(one.id, str) and not one.context
    ]
    assert len(plain) > 1_000
    quick = Catalogue(COMPILED.read_bytes())
    assert [one for one in plain if quick.said(one) != slow.gettext(one)] == []
    assert tongue("Rewards are %(what)s", what="x") == "Rewards are x"


def test_what_is_no_catalogue_is_refused() -> None:
    with pytest.raises(ValueError, match="catalogue"):
        Catalogue(b"nothing of the kind")
