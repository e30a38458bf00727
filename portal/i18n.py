"""Translating in templates without asking for the language at every word.

A page asks for some two hundred messages; finding the language and its catalogue anew for each of them
costs more than the page's queries.
"""

from __future__ import annotations

from typing import cast

from babel.support import NullTranslations, Translations
from flask import Flask, g
from flask_babel import get_locale, get_translations

Catalogue = Translations | NullTranslations


def install(app: Flask) -> None:
    """Let templates of this application translate with the catalogue found once for each language."""
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # of the i18n extension
        gettext=lambda message: _catalogue().ugettext(message),
        ngettext=lambda one, many, number: _catalogue().ungettext(one, many, number),
        pgettext=lambda context, message: _catalogue().upgettext(context, message),
        npgettext=lambda context, one, many, number: _catalogue().unpgettext(context, one, many, number),
        newstyle=True,
    )


def _catalogue() -> Catalogue:
    # Kept with the language it was found for: a page may be rendered in another one (force_locale).
    locale = get_locale()
    kept = g.get("catalogue")
    if kept is None or kept[0] is not locale:
        kept = g.catalogue = (locale, get_translations())
    return cast(Catalogue, kept[1])
