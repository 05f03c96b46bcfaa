"""Dangerous calls in our own code, looked for by bandit."""

import json
import subprocess
import tomllib
from pathlib import Path

from supply.findings import Finding, NotChecked
from supply.programs import program


def folders(root: Path) -> list[str]:
    """The folders of our own code: those that mypy looks at, without the tests."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return [name for name in project["tool"]["mypy"]["files"] if name != "tests"]


def check_code(root: Path) -> list[Finding]:
    """What bandit finds with the settings of pyproject.toml; comments in the code except nothing.

    Raises:
        NotChecked: bandit did not run to its end, or could not read a file.
    """
    command = (program("bandit"), "--quiet", "--ignore-nosec", "--configfile", "pyproject.toml", "--format", "json")
    done = subprocess.run(
        (*command, "--recursive", *folders(root)), cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1):
        raise NotChecked(f"bandit ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    report = json.loads(done.stdout)
    if report["errors"]:
        raise NotChecked(f"bandit could not read {', '.join(error['filename'] for error in report['errors'])}")
    return [_finding(result) for result in report["results"]]


def _finding(result: dict[str, object]) -> Finding:
    text = f"line {result['line_number']}: {result['issue_text']}"
    return Finding("code", str(result["test_id"]), str(result["filename"]).removeprefix("./"), text)
