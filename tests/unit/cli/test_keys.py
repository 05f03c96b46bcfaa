"""`readmission keys`: a key is shown once, on the standard output alone; what is wrong is said in a line."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from connections.api_keys import hashed, read
from connections.settings import get_settings
from readmission.cli import keys_app


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of keys that the commands change."""
    monkeypatch.setenv("API_KEYS_FILE", str(tmp_path / "keys/keys.json"))
    get_settings.cache_clear()
    return tmp_path / "keys/keys.json"


def typed(*words: str) -> Result:
    """What a command comes to."""
    return CliRunner().invoke(keys_app, words)


def test_a_key_is_shown_once_and_listed_without_it(file: Path) -> None:
    key = typed("create", "ward-7", "--role", "read").stdout.strip()
    assert [(one.name, one.role, one.sha256) for one in read(file)] == [("ward-7", "read", hashed(key))]
    listed = typed("list").stdout
    assert "ward-7" in listed and "read" in listed and key not in listed and hashed(key) not in listed


def test_a_revoked_key_is_gone_and_its_name_free(file: Path) -> None:
    typed("create", "ward-7")
    assert typed("revoke", "ward-7").stdout == "ward-7 is revoked\n"
    assert read(file) == ()
    assert typed("create", "ward-7").exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("create", "ward-7"), "there is a key ward-7 already"),
        (("create", "a b"), "a name has 1 to 64 letters"),
        (("create", "a", "--role", "root"), "the role is one of predict, read, admin"),
        (("revoke", "nobody"), "there is no key nobody"),
    ],
)
def test_what_is_wrong_is_one_line(file: Path, words: tuple[str, ...], said: str) -> None:
    typed("create", "ward-7")
    got = typed(*words)
    assert got.exit_code == 1 and got.stdout == "" and said in got.stderr
    assert got.stderr.count("\n") == 1
    assert [key.name for key in read(file)] == ["ward-7"]
