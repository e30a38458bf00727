"""If these fail, an official cannot try a rule file before it is put in force, or is told nothing of use."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from portal.rewards.rules.derivation import Derivation, recompute
from portal.rewards.terminal.group import is_pure

ROOT = Path(__file__).parents[3]
CASE = {
    "findings": [
        {
            "kind": "major_hazard",
            "penalty": "recorded",
            "facts": {"fine_firm": "100000", "fine_person": "20000.10"},
        }
    ],
    "reporter": {"facts": {"insider": True}},
}
CHINESE_WORDS = re.compile(r"[A-Za-z]{2,}")


def run(*arguments: str, language: str = "zh_CN.UTF-8") -> subprocess.CompletedProcess[str]:
    """The commands by themselves, in an environment without any setting of the portal."""
    environ = {"PATH": os.environ["PATH"], "LANG": language}
    return subprocess.run(
        [sys.executable, "-m", "portal.rewards.terminal", *arguments],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def case(tmp_path: Path) -> Path:
    file = tmp_path / "case.json"
    file.write_text(json.dumps(CASE), encoding="utf-8")
    return file


def test_a_case_is_computed_and_every_step_is_printed(case: Path) -> None:
    told = run("explain", "--rules", "anyang", "--case", str(case))
    assert (told.returncode, told.stderr) == (0, "")
    lines = told.stdout.splitlines()
    assert lines[-1].startswith("= 应发")
    assert lines[-1].endswith("20,700.02")
    assert "120,000.10 × 15%" in told.stdout
    assert CHINESE_WORDS.findall(told.stdout) == []


def test_the_terminal_chooses_the_language_and_an_option_overrides_it(case: Path) -> None:
    asked = ("explain", "--rules", "anyang@1", "--case", str(case))
    assert "To be paid" in run(*asked, language="en_GB.UTF-8").stdout
    assert "应发" in run(*asked, "--lang", "zh", language="en_GB.UTF-8").stdout


def test_json_carries_amount_and_a_derivation_that_can_be_computed_again(case: Path) -> None:
    told = json.loads(run("explain", "--rules", "anyang", "--case", str(case), "--json").stdout)
    assert (told["verdict"], told["amount"], told["payable"]) == ("award", "20,700.02", True)
    assert recompute(Derivation.from_json(told["derivation"])) == told["amount_fen"] == 2_070_002


def test_a_case_that_is_not_settled_says_what_is_missing_and_an_estimate(tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text('{"findings": [{"kind": "concealed_accident"}]}', encoding="utf-8")
    told = run("explain", "--rules", "anyang", "--case", str(file), "--lang", "en")
    assert told.returncode == 0
    assert "Record how many concealed deaths the investigation confirmed." in told.stdout
    assert "30,000 to 300,000 yuan. This is an estimate, not a promise." in told.stdout


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ('{"findings": [{"kind": "no_such"}]}', "findings[0].kind: This word is not known here."),
        (
            '{"findings": [{"kind": "major_hazard", "penalty": "recorded", "facts": {"fine_firm": "x"}}]}',
            "findings[0].facts.fine_firm: Write an amount in yuan",
        ),
        ('{"findings": [', "This is not JSON"),
        ("{}", "findings: This field is missing."),
    ],
)
def test_a_wrong_case_ends_with_one_sentence_that_names_the_field(
    tmp_path: Path, document: str, sentence: str
) -> None:
    file = tmp_path / "case.json"
    file.write_text(document, encoding="utf-8")
    told = run("explain", "--rules", "anyang", "--case", str(file), "--lang", "en")
    assert (told.returncode, told.stdout) == (2, "")
    assert len(told.stderr.splitlines()) == 1
    assert told.stderr.startswith(f"{file}: ")
    assert sentence in told.stderr


def test_a_wrong_file_is_refused_with_line_entry_reason_and_hint(tmp_path: Path) -> None:
    shipped = (ROOT / "portal/rewards/rulesets/shenzhen.toml").read_text(encoding="utf-8")
    file = tmp_path / "mine.toml"
    file.write_text(shipped.replace('rate = "15%"', 'rate = "150%"', 1), encoding="utf-8")
    line = next(n for n, text in enumerate(shipped.splitlines(), 1) if text == "[[award]]") + 6
    told = run("check", str(file), "--lang", "en")
    assert (told.returncode, told.stdout) == (2, "")
    assert re.match(rf"{re.escape(str(file))}:\d+, award \"major-hazard\": ", told.stderr)
    assert "150%" in told.stderr
    assert int(told.stderr.split(":")[1].split(",")[0]) >= line - 1


def test_a_good_file_is_welcomed() -> None:
    told = run("check", "portal/rewards/rulesets/anyang.toml")
    assert (told.returncode, told.stderr) == (0, "")
    assert "文件可以使用" in told.stdout


def test_two_versions_are_compared_in_sentences() -> None:
    told = run("diff", "henan-2022", "henan-2025", "--lang", "en")
    assert told.returncode == 0
    assert "On top: “Reported by an employee”: the share rises from 10% to 15%." in told.stdout
    same = run("diff", "anyang", "anyang")
    assert same.stdout == "没有变化。\n"


def test_what_is_not_there_is_said(case: Path) -> None:
    unknown = run("explain", "--rules", "atlantis", "--case", str(case), "--lang", "en")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert unknown.stderr.startswith("No rule set is called atlantis.")
    missing = run("check", "nowhere.toml", "--lang", "en")
    assert (missing.returncode, missing.stderr) == (2, "There is no file nowhere.toml.\n")


def test_the_flask_program_answers_without_settings_keys_or_database(tmp_path: Path) -> None:
    """Broken settings stop everything else; rule files are still read."""
    environ = {"PATH": os.environ["PATH"], "PORTAL_ENV": "production", "PORTAL_DATA": str(tmp_path)}
    told = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "rules", "list", "--lang", "en"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stderr) == (0, "")
    assert "Anyang reward rules in force" in told.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "pure"),
    [
        (["flask", "rules", "explain", "--rules", "x"], True),
        (["flask", "--app", "app", "rules", "diff", "a", "b"], True),
        (["flask", "rules", "recompute"], False),
        (["flask", "rules"], False),
        (["flask", "fund", "add", "2026", "5"], False),
    ],
)
def test_only_commands_on_files_do_without_the_settings(words: list[str], pure: bool) -> None:
    assert is_pure(words) is pure
