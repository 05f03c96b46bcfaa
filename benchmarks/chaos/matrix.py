"""What can go wrong with the platform in Docker: crashes, silence, full disks, parted pairs, all at once."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from tests.e2e.stack import Stack
from tests.outside import faults
from tests.outside.faults import pause

FROZEN = ("redis", "postgres")
FILLED = ("mysql", "minio", "postgres", "redis", "mlflow", "airflow-worker", "api")
# Who asks, and whom.
PAIRS = (
    ("front", "api"),
    ("api", "mysql"),
    ("api", "mlflow"),
    ("mlflow", "mysql"),
    ("mlflow", "minio"),
    ("keeper", "mysql"),
    ("airflow-worker", "mysql"),
    ("airflow-worker", "mlflow"),
    ("airflow-worker", "redis"),
    ("airflow-worker", "airflow-apiserver"),
    ("airflow-scheduler", "redis"),
    ("airflow-scheduler", "postgres"),
    ("airflow-scheduler", "airflow-apiserver"),
    ("airflow-dag-processor", "postgres"),
    ("airflow-triggerer", "postgres"),
    ("airflow-apiserver", "postgres"),
)


class Fault(NamedTuple):
    """One thing that goes wrong for so many seconds: its kind, its name, whose, and how it is done."""

    kind: str
    name: str
    services: tuple[str, ...]
    strike: Callable[[float], None]


@dataclass(frozen=True)
class Matrix:
    """All of it, on one platform."""

    stack: Stack
    chance: random.Random

    def faults(self) -> list[Fault]:
        """Each once, in an order that the seed decides."""
        found = [Fault("kill", f"{one} is killed", (one,), self._killing(one)) for one in self.services()]
        found += [Fault("pause", f"{one} is paused", (one,), self._freezing(one)) for one in FROZEN]
        found += [Fault("disk", f"the disk of {one} is full", (one,), self._filling(one)) for one in FILLED]
        found += [
            Fault("pair", f"{one} does not reach {other}", (one, other), self._parting(one, other))
            for one, other in PAIRS
        ]
        found.append(Fault("all", "everything is killed, in random order", (), lambda _: self._all_killed()))
        self.chance.shuffle(found)
        return found

    def services(self) -> list[str]:
        """What runs all the time."""
        return sorted(set(self.stack.compose("ps", "--services", "--status=running").split()) - {"disks"})

    def _killing(self, service: str) -> Callable[[float], None]:
        return lambda _: self.stack.crash(service)

    def _freezing(self, service: str) -> Callable[[float], None]:
        def freeze(seconds: float) -> None:
            self.stack.compose("pause", service)
            pause(seconds)
            self.stack.compose("unpause", service)

        return freeze

    def _filling(self, service: str) -> Callable[[float], None]:
        filler = f"/disks/{service}/filler"

        def fill(seconds: float) -> None:
            self._on_disks(f"cat /dev/zero > {filler} 2>/dev/null; test -s {filler}")
            pause(seconds)
            self._on_disks(f"rm {filler}")

        return fill

    def _on_disks(self, command: str) -> None:
        self.stack.compose("exec", "-T", "disks", "sh", "-c", command)

    def _parting(self, one: str, other: str) -> Callable[[float], None]:
        return lambda seconds: faults.parted(self.stack, one, other, seconds)

    def _all_killed(self) -> None:
        services = self.services()
        self.chance.shuffle(services)
        for service in services:
            self.stack.crash(service)
