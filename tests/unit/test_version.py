"""`readmission --version` and the changelog tell the version that pyproject.toml declares."""

import re
import tomllib

from typer.testing import CliRunner

from readmission.cli import app
from tests.conftest import ROOT

DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def test_the_command_tells_the_installed_version() -> None:
    told = CliRunner().invoke(app, ["--version"])
    assert (told.exit_code, told.output) == (0, f"readmission {DECLARED}\n")


def test_the_changelog_begins_with_the_version_and_its_day() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    released = [heading for heading in headings if heading != "Unreleased"]
    assert re.fullmatch(rf"{re.escape(DECLARED)} - \d{{4}}-\d\d-\d\d", released[0])
