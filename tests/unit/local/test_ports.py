"""A busy port is named, with who holds it and what to change."""

import os
import socket
from collections.abc import Iterator

import pytest

from connections.settings import Settings
from readmission.local import ports
from readmission.local.platform import services
from readmission.local.service import Port
from scripts import doctor, doctor_settings
from tests.free_ports import free_offset, free_port


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_the_message_names_port_owner_and_setting(taken: int) -> None:
    with pytest.raises(ports.BusyPortError) as caught:
        ports.require_free([Port(taken, "API_PORT")])
    message = str(caught.value)
    assert f"port {taken}" in message and f"pid {os.getpid()}" in message and "API_PORT" in message


def test_a_free_port_is_no_problem(taken: int) -> None:
    assert not ports.is_free(taken)
    ports.require_free([Port(free_port(), "API_PORT")])


def test_an_offset_moves_every_port_of_every_service(settings: Settings) -> None:
    def numbers(offset: int) -> list[int]:
        moved = settings.model_copy(update={"port_offset": offset})
        return [service.port.number for service in services(moved) if service.port]

    assert [number - 1_000 for number in numbers(1_000)] == numbers(0)
    assert len(set(numbers(0))) == len(numbers(0)) == 4


def test_doctor_names_a_busy_port_and_its_setting(taken: int) -> None:
    findings = doctor.ports(_set(API_PORT=str(taken), STATE_DIR="/nonexistent"))
    assert [finding.level for finding in findings] == ["bad"]
    assert str(taken) in findings[0].text and "API_PORT" in findings[0].text


def test_doctor_finds_a_free_port_free(taken: int) -> None:
    assert doctor.ports(_set(API_PORT="1", PORT_OFFSET=str(taken - 1), STATE_DIR="x"))[0].level == "bad"
    free = free_offset(Settings())
    assert doctor.ports(_set(API_PORT="8000", PORT_OFFSET=str(free), STATE_DIR="x"))[0].level == "ok"


def _set(**values: str) -> doctor_settings.Settings:
    return doctor_settings.Settings({}, {}, values)
