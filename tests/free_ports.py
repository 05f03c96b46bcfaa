"""Ports for servers that tests start: of one server, or an offset for all of the embedded platform."""

import os
import random
from itertools import cycle

from connections.settings import Settings
from readmission.local.platform import services
from readmission.local.ports import is_free

# Moves every default port to 20,000-31,000: above what is commonly taken, below what systems hand out by themselves.
# Processes that test side by side take theirs from parts that do not touch, so that none takes what another just found.
_PART, _GAP, _PARTS = 2_500, 600, 4
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_MINE = _PART * ((_WORKER + int(os.environ.get("FIRST_PORTS_PART", "0"))) % _PARTS)
_OFFSETS = range(12_000 + _MINE, 12_000 + _MINE + _PART - _GAP)
# Single ones are below those. A system takes what it hands out by itself also for connections, at any moment.
_SINGLE = cycle(random.sample(range(10_000 + _MINE, 10_000 + _MINE + _PART), _PART))
_TRIES = 200


def free_port() -> int:
    """A port that nobody listens on now, another one each time."""
    return next(number for number in _SINGLE if is_free(number))


def free_offset(settings: Settings) -> int:
    """A PORT_OFFSET with which every port of the settings is free."""
    for offset in random.sample(_OFFSETS, _TRIES):
        moved = settings.model_copy(update={"port_offset": offset})
        if all(is_free(number, settings.bind_address) for number in platform_ports(moved)):
            return offset
    raise AssertionError(f"no free ports between {_OFFSETS[0] + 8_000} and {_OFFSETS[-1] + 10_000}")


def platform_ports(settings: Settings) -> set[int]:
    """Every port that the embedded platform listens on."""
    return {service.port.number for service in services(settings) if service.port}
