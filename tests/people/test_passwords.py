"""Which passwords are refused: if this fails, the first guess of a stranger opens an account."""

from __future__ import annotations

import pytest

from portal.people import accounts
from portal.people.passwords import initial_password, is_weak


@pytest.mark.parametrize(
    "password",
    [
        "",
        "elevensigns",
        "aaaaaaaaaaaaaaaa",
        "ababababababab",
        "123456789012",
        "Password1234",
        "passwordpassword",
        "Woodpecker2026",
        "ｐａｓｓｗｏｒｄ１２３４５",
        "anquanjubao2026",
        "安全举报安全举报2026",
        "啄木鸟安全举报2026",
        "admin-admin-admin",
        "wang.jianguo2026",
        "x" * 201,
    ],
)
def test_short_even_and_common_passwords_are_weak(password: str) -> None:
    assert is_weak(password, "wang.jianguo")


@pytest.mark.parametrize(
    "password",
    [
        "thirteen crows by the river",
        "seven geese over the lake",
        "长江边上有十三只乌鸦在飞翔",
        "k3-Wq8z!mPt2v",
        "my password is about seven geese",
    ],
)
def test_a_sentence_of_ones_own_is_strong_without_special_signs(password: str) -> None:
    assert not is_weak(password, "wang.jianguo")


def test_given_out_passwords_are_strong_and_never_the_same() -> None:
    made = {initial_password() for _ in range(500)}
    assert len(made) == 500
    assert not any(is_weak(password) for password in made)


def test_passwords_are_kept_as_argon2id() -> None:
    assert accounts.hash_password("thirteen crows by the river").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
