"""`.env.example` documents every setting, with its default."""

import re

import pytest
from pydantic import SecretStr

from connections.settings import Settings
from tests.conftest import ROOT

EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
DOCUMENTED = dict(re.findall(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", EXAMPLE, flags=re.MULTILINE))
SETTINGS = {name.upper(): field for name, field in Settings.model_fields.items()}


def test_every_setting_is_documented() -> None:
    assert set(SETTINGS) - set(DOCUMENTED) == set()


def test_what_is_no_setting_of_ours_is_one_of_compose() -> None:
    compose = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("docker-compose*.yml"))
    unknown = {name for name in set(DOCUMENTED) - set(SETTINGS) if f"${{{name}" not in compose}
    assert unknown == set()


@pytest.mark.parametrize("name", sorted(set(SETTINGS) & set(DOCUMENTED)))
def test_the_documented_default_is_the_real_one(name: str) -> None:
    default = SETTINGS[name].default
    if isinstance(default, SecretStr):
        assert DOCUMENTED[name] == "changethis"
    else:
        assert DOCUMENTED[name] == ("" if default is None else str(default))


def test_a_key_is_documented_once() -> None:
    keys = re.findall(r"^#?([A-Z][A-Z0-9_]*)=", EXAMPLE, flags=re.MULTILINE)
    assert sorted(keys) == sorted(set(keys))
