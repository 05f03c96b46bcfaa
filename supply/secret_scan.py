"""Secrets in what git holds: every version of every file that HEAD's history has, and what is not committed yet."""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from supply.findings import Finding, NotChecked
from supply.programs import program

RULES = Path(__file__).with_name("secret_rules.yml")
# What it found is never asked for at the service that it is for, nor said to anybody.
_OFFLINE = ("--no-validate", "--redact", "--no-dedup")
_CLEAN, _FOUND = 0, 200
# The rules made ready take seconds, once.
_CACHE = Path(__file__).parents[1] / "var/kingfisher"


def check_secrets(root: Path) -> list[Finding]:
    """The secrets in the history of HEAD, and in files that differ from it or that git would add.

    What git ignores is left out: `.env` is where secrets belong.

    Raises:
        NotChecked: there is no history to look at, or not all of it, or the scanner did not run to its end.
    """
    if _git(root, "rev-parse", "--is-shallow-repository") != "false":
        raise NotChecked("the clone is shallow, most of its history is not here: git fetch --unshallow")
    changed = _changed(root)
    found = _scan(root, ".", "--branch", "HEAD")
    if changed:
        found += _scan(root, *changed, "--git-history", "none")
    return list({str(one): one for one in found}.values())


def _changed(root: Path) -> list[str]:
    names = _git(root, "diff", "--name-only", "--diff-filter=d", "-z", "HEAD").split("\0")
    names += _git(root, "ls-files", "--others", "--exclude-standard", "-z").split("\0")
    return [name for name in names if name and (root / name).is_file()]


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(("git", *words), cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotChecked(f"git {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout.strip()


def _scan(root: Path, *what: str) -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        told = (
            "--rules-path",
            str(RULES),
            "--rule-cache-dir",
            str(_CACHE),
            "--format",
            "json",
            "-o",
            str(report),
        )
        command = (program("kingfisher"), "--no-update-check", "scan", *what, *_OFFLINE, *told)
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        if done.returncode not in (_CLEAN, _FOUND) or not report.is_file():
            raise NotChecked(f"kingfisher ended with {done.returncode}: {done.stderr.strip()[-500:]}")
        parsed = json.loads(report.read_text(encoding="utf-8"))
    return [_finding(one) for one in parsed["findings"]]


def _finding(one: dict[str, Any]) -> Finding:
    found = one["finding"]
    commit = found.get("git_metadata", {}).get("commit", {}).get("id", "")
    place = f"line {found['line']}" + (f" of commit {commit[:12]}" if commit else ", not committed")
    return Finding(
        "secrets", one["rule"]["id"], found["path"].removeprefix("./"), f"{place}: {one['rule']['description']}"
    )
