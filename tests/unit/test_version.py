"""`readmission --version` and the changelog tell the version that the package declares."""

import re
from importlib.metadata import version

from typer.testing import CliRunner

from readmission import __version__
from readmission.cli import app
from tests.conftest import ROOT


def test_the_command_tells_the_installed_version() -> None:
    told = CliRunner().invoke(app, ["--version"])
    assert (told.exit_code, told.output) == (0, f"readmission {__version__}\n")
    assert version("readmission") == __version__


def test_the_changelog_begins_with_the_version_and_its_day() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    released = [heading for heading in headings if heading != "Unreleased"]
    assert re.fullmatch(rf"{re.escape(__version__)} - \d{{4}}-\d\d-\d\d", released[0])
