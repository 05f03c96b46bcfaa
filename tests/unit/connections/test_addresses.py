"""Services listen, are asked for and are shown under addresses that open."""

import socket

import pytest
from pydantic import ValidationError

from connections import addresses
from connections.settings import Settings

OWN_NAME = socket.gethostname().lower()


@pytest.mark.parametrize(
    ("bind_address", "public_host", "connected", "shown"),
    [
        ("127.0.0.1", None, "127.0.0.1", "127.0.0.1"),
        ("10.43.101.200", None, "10.43.101.200", "10.43.101.200"),
        ("10.43.101.200", "ward.corp", "10.43.101.200", "ward.corp"),
        ("0.0.0.0", "Ward.Corp", "127.0.0.1", "ward.corp"),
        ("::1", None, "[::1]", "[::1]"),
        ("[::1]", None, "[::1]", "[::1]"),
        ("::", "fd00::7", "[::1]", "[fd00::7]"),
        ("0.0.0.0", "[fd00::7]", "127.0.0.1", "[fd00::7]"),
    ],
)
def test_programs_connect_here_and_people_are_shown_what_they_can_open(
    bind_address: str, public_host: str | None, connected: str, shown: str
) -> None:
    settings = Settings(bind_address=bind_address, public_host=public_host, port_offset=5)
    assert (settings.url("api"), settings.public_url("api")) == (f"http://{connected}:8005", f"http://{shown}:8005")


def test_what_listens_everywhere_is_shown_at_an_address_that_opens_here() -> None:
    shown = addresses.shown("0.0.0.0", None)
    with socket.create_server(("0.0.0.0", 0)) as server:
        socket.create_connection((shown, server.getsockname()[1]), timeout=5).close()


def test_a_machine_knows_its_name_and_the_addresses_of_its_networks() -> None:
    assert {OWN_NAME, addresses.shown("0.0.0.0", None)} <= set(Settings(bind_address="0.0.0.0").names)
    assert OWN_NAME not in Settings().names, "on loopback nobody comes by that name"


@pytest.mark.parametrize("setting", ["public_host", "other_hosts"])
@pytest.mark.parametrize(
    "value",
    [
        "http://ward.corp",
        "ward.corp:8080",
        "ward corp",
        "ward.corp/",
        "user@ward",
        "0.0.0.0",
        "10.0.0.256",
        "*",
        "-x",
        "[x",
    ],
)
def test_what_is_no_host_is_refused_by_the_settings_name(setting: str, value: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate({setting: value})
    (error,) = refused.value.errors()
    assert error["loc"] == (setting,) and "without http://, port" in error["msg"]


def test_mlflow_is_given_every_name_on_any_port_and_no_star_among_origins() -> None:
    given = addresses.mlflow_protection(("ward.corp", "fd00::7"), [8084])
    assert given == {
        "MLFLOW_SERVER_ALLOWED_HOSTS": "ward.corp,[fd00::7],ward.corp:*,[[]fd00::7]:*",
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": ",".join(
            f"{scheme}://{host}{port}"
            for host in ("ward.corp", "[fd00::7]")
            for scheme in ("http", "https")
            for port in ("", ":8084")
        ),
    }
