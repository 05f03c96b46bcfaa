"""What the form is not started with."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from connections.settings import ENV_FILE, machine_environment
from tests.conftest import ROOT

PROVIDER = {
    "FORM_AUTH": "oidc",
    "FORM_OIDC_METADATA_URL": "https://id.ward.example/.well-known/openid-configuration",
    "FORM_OIDC_CLIENT_ID": "form",
    "FORM_OIDC_CLIENT_SECRET": "of-the-provider",
    "FORM_OIDC_ALLOWED": "ward.example",
    "FORM_COOKIE_SECRET": "s" * 32,
}


@pytest.mark.parametrize(
    ("given", "options", "told"),
    [
        ({"FORM_AUTH": "off"}, ("--host=0.0.0.0",), "FORM_AUTH: off is for this machine alone, and 0.0.0.0"),
        ({"FORM_AUTH": "off"}, ("--host=0.0.0.0", "--published-on=10.0.0.7"), "10.0.0.7 lets others in"),
        ({"FORM_AUTH": "off", "BIND_ADDRESS": "0.0.0.0"}, (), "FORM_AUTH: off is for this machine alone"),
        ({}, (), "FORM_PASSWORD: is empty, and FORM_AUTH=password needs it"),
        ({"FORM_PASSWORD": "short"}, (), "FORM_PASSWORD (environment): what it holds is not allowed"),
        (PROVIDER | {"FORM_OIDC_ALLOWED": ""}, (), "FORM_OIDC_ALLOWED: is empty, and FORM_AUTH=oidc needs it"),
        (PROVIDER | {"FORM_OIDC_ALLOWED": "*"}, (), "FORM_OIDC_ALLOWED (environment): '*' is not allowed"),
        (
            PROVIDER | {"FORM_OIDC_METADATA_URL": "http://id.ward.example"},
            (),
            "it takes an address that begins with https",
        ),
    ],
)
def test_it_does_not_start_open_to_others_or_without_what_its_log_in_needs(
    given: dict[str, str], options: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    environment = machine_environment() | {ENV_FILE: ""} | given
    command = (sys.executable, "-m", "app_front", "--port=1", *options)
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and told in done.stderr
    assert "Traceback" not in done.stderr and "of-the-provider" not in done.stderr and "short" not in done.stderr


def test_what_fails_in_it_is_not_shown_and_is_logged_as_everywhere_else() -> None:
    told = tomllib.loads((ROOT / "app_front/.streamlit/config.toml").read_text())
    assert told["client"]["showErrorDetails"] == "none"  # a traceback's last line may be a patient's values
    assert told["logger"]["enableRich"] is False  # which prints past the log
