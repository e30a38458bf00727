"""What an alert says: the same few sentences whatever happened, known to the vault alone (pure)."""

from __future__ import annotations

NEWS = "news"
TEST = "test"
# The kind of the notice that asks for a test line (portal.notices.outbox).
TEST_KIND = "alert_test"
TESTS_A_DAY = 3

# Neither the portal nor the matter is named: whoever reads it over a shoulder learns that there is news.
TEXTS: dict[str, dict[str, tuple[str, str]]] = {
    NEWS: {
        "zh_Hans": ("您有一条新消息", "您有一条新消息。请在身边没有别人时查看。不要回复本消息。"),
        "en": (
            "There is news for you",
            "There is news for you. Please look when you are alone. Do not reply to this message.",
        ),
    },
    TEST: {
        "zh_Hans": ("测试消息", "这是一条测试消息，您不用做任何事。不要回复本消息。"),
        "en": (
            "Test message",
            "This is a test message. You need to do nothing. Do not reply to this message.",
        ),
    },
}


def text_of(code: str, locale: str) -> tuple[str, str]:
    """Return subject and text; Chinese for every language that has none. KeyError for an unknown code."""
    texts = TEXTS[code]
    return texts.get(locale, texts["zh_Hans"])
