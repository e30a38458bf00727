"""Which passwords are refused: if this fails, the first guess of a stranger opens an account."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from flask import Flask

from portal.people import accounts
from portal.people.accounts import WeakPassword
from portal.people.passwords import Fault, fault_of, initial_password

CONTEXT = ("wang.jianguo", "王建国", "安阳市", "Anyang")


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("", Fault.SHORT),
        ("elevensigns", Fault.SHORT),
        ("aaaaaaaaaaaaaaaa", Fault.EVEN),
        ("ababababababab", Fault.EVEN),
        ("x7k2q9x7k2q9x7k2q9", Fault.EVEN),
        ("123456789012", Fault.COMMON),
        ("987654321098", Fault.COMMON),
        ("Password1234", Fault.COMMON),
        ("P@ssw0rd2026", Fault.COMMON),
        ("passwordpassword", Fault.COMMON),
        ("iloveyou123456", Fault.COMMON),
        ("qwertyuiop1234", Fault.COMMON),
        ("1qaz2wsx3edc", Fault.COMMON),
        ("1q2w3e4r5t6y1q2w", Fault.COMMON),
        ("Woodpecker2026", Fault.COMMON),
        ("ｐａｓｓｗｏｒｄ１２３４５", Fault.COMMON),
        ("anquanjubao2026", Fault.COMMON),
        ("anquanshengchan!!", Fault.COMMON),
        ("woaini5201314woaini", Fault.COMMON),
        ("zhangwei19880808", Fault.COMMON),
        ("a1b2c3d4e5f6", Fault.COMMON),
        ("woainiwoaini888", Fault.COMMON),
        ("安全举报安全举报2026", Fault.COMMON),
        ("啄木鸟安全举报2026啊", Fault.COMMON),
        ("床前明月光疑是地上霜一", Fault.SHORT),
        ("床前明月光疑是地上霜一二", Fault.COMMON),
        ("admin-admin-admin", Fault.EVEN),
        ("wang.jianguo2026", Fault.COMMON),
        ("wangjianguo1988", Fault.COMMON),
        ("王建国安阳市2026年的啊", Fault.COMMON),
        ("Anyang@anyang#1", Fault.COMMON),
        ("x" * 100 + "thirteen crows by the river !!", Fault.LONG),
    ],
)
def test_what_is_guessed_first_is_refused(password: str, fault: Fault) -> None:
    assert fault_of(password, CONTEXT) is fault


@pytest.mark.parametrize(
    "password",
    [
        "thirteen crows by the river",
        "seven geese over the lake",
        "长江边上有十三只乌鸦在飞翔",
        "门前大桥下游过一群鸭子 1957",
        "k3-Wq8z!mPt2v",
        "my password is about seven geese",
        "안녕하세요 강가의 까마귀",
        "🦆🦢🪿 am See, dreimal laut",
        "thirteen crows by the river, " * 4 + "and again:)",
    ],
)
def test_a_sentence_of_ones_own_is_strong_without_special_signs(password: str) -> None:
    assert fault_of(password, CONTEXT) is None


def test_the_length_has_its_exact_bounds() -> None:
    sentence = "thirteen crows by the river and a heron, " * 4
    assert fault_of(sentence[:11]) is Fault.SHORT
    assert fault_of(sentence[:12]) is None
    assert fault_of(sentence[:128]) is None
    assert fault_of(sentence[:129]) is Fault.LONG


def test_given_out_passwords_are_strong_and_never_the_same() -> None:
    made = {initial_password() for _ in range(500)}
    assert len(made) == 500
    assert [password for password in made if fault_of(password)] == []


def test_passwords_are_kept_as_argon2id(
    app: Flask, real_hasher: PasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "_hasher", real_hasher)
    kept = accounts.hash_password("thirteen crows by the river")
    assert kept.startswith("$argon2id$v=19$m=19456,t=3,p=1$")


def test_the_name_of_the_city_of_this_installation_counts_for_nothing(app: Flask) -> None:
    with pytest.raises(WeakPassword):
        accounts.hash_password("Anyang-Anyang-7!")
