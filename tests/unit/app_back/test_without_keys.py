"""A service that asks for no key starts on loopback alone."""

import subprocess
import sys
from pathlib import Path

import pytest

from connections.settings import ENV_FILE, Settings, machine_environment

REFUSED = "API_AUTH: off is for this machine alone, and {} lets others in; set API_AUTH=on, or BIND_ADDRESS=127.0.0.1"


@pytest.mark.parametrize(
    ("options", "address"),
    [
        (("--host=0.0.0.0",), "0.0.0.0"),
        (("--host=10.0.0.7",), "10.0.0.7"),
        (("--host=0.0.0.0", "--published-on=0.0.0.0"), "0.0.0.0"),
    ],
)
def test_it_does_not_listen_for_others(tmp_path: Path, options: tuple[str, ...], address: str) -> None:
    environment = machine_environment() | {"API_AUTH": "off", "STATE_DIR": str(tmp_path), ENV_FILE: ""}
    command = (sys.executable, "-m", "app_back", "--port=9", *options)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr.strip()) == (1, REFUSED.format(address))


def test_the_settings_of_such_a_platform_are_refused() -> None:
    with pytest.raises(ValueError, match=r"API_AUTH: off is for this machine alone, and 10\.0\.0\.7 lets others in"):
        Settings(api_auth="off", bind_address="10.0.0.7")
    assert Settings(api_auth="off", bind_address="::1").api_auth == "off"
