"""Rolls a restored MySQL forward, from a backup's place in the binary log to the log's end, or to a moment.

The logs are read where they are: the volume of this stack or of another, or a folder that they were copied into.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import IO

from compose.binary_log import BinaryLogError, Replay, events
from compose.stack import project
from connections.backup_file import BackupError

HERE = "here"
# MLflow's database stays as it was saved: its models' files have no log.
_DATABASES, _FORGOTTEN = ("RAW_DATA", "CLEAN_DATA"), ("RAW_DATA", "forgotten")
_LOG = re.compile(r"(binlog)\.(\d+)")
_IMAGE = "mysql:9.7"


def moment(text: str) -> datetime:
    """A moment in ISO 8601, of UTC unless it says otherwise."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)  # noqa: UP017  # any Python 3


class Forward:
    """What is done once more after a backup: its logs, found and held against their checksums.

    Raises:
        BackupError: a log is missing or damaged; nothing has changed.
    """

    def __init__(self, place: str, since: dict[str, object], until: datetime | None) -> None:
        self._place = f"{project()}_mysql-data" if place == HERE else place
        self._first, self._position = str(since["file"]), int(str(since["position"]))
        self._until = until
        self.last = 0
        self._names = self._following()
        for _ in self.statements():  # all of it, before anything is replaced
            pass

    def statements(self) -> Iterator[bytes]:
        """What MySQL is to be told."""
        replay = Replay(_DATABASES, self._until, _FORGOTTEN)
        for name in self._names:
            with self._opened(name) as log:
                start = self._position if name == self._first else 4
                try:
                    for text in replay.statements(events(log, name, start)):
                        yield text.encode("utf-8", "surrogateescape")
                except BinaryLogError as error:
                    raise BackupError(f"FORWARD: {error}") from error
        self.last = replay.last

    def _following(self) -> list[str]:
        there = sorted(name for name in self._listed() if _LOG.fullmatch(name) and name >= self._first)
        if not there or there[0] != self._first:
            raise BackupError(
                f"FORWARD: {self._first}, where the backup ends, is not in {self._place}: logs are kept for 7 days; "
                "nothing was changed"
            )
        numbers = [int(name.split(".")[1]) for name in there]
        if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            raise BackupError(f"FORWARD: a log is missing in {self._place}, there are {', '.join(there)}")
        return there

    @property
    def _is_folder(self) -> bool:
        return "/" in self._place

    def _listed(self) -> list[str]:
        if not self._is_folder:
            with _in_volume(self._place, "ls", "/logs") as listed:
                return listed.read().decode().split()
        try:
            return [path.name for path in Path(self._place).iterdir()]
        except OSError as error:
            raise BackupError(f"FORWARD: {self._place}: {error.strerror}; nothing was changed") from error

    @contextmanager
    def _opened(self, name: str) -> Iterator[IO[bytes]]:
        if self._is_folder:
            with (Path(self._place) / name).open("rb") as log:
                yield log
        else:
            with _in_volume(self._place, "cat", f"/logs/{name}") as log:
                yield log


@contextmanager
def _in_volume(volume: str, *command: str) -> Iterator[IO[bytes]]:
    """What a command prints that sees a volume, and nothing else; a volume that is not there is not made."""
    if subprocess.run(("docker", "volume", "inspect", volume), capture_output=True).returncode:
        raise BackupError(f"FORWARD: there is no volume {volume}; a folder's name has a / in it; nothing was changed")
    mounted = ("docker", "run", "--rm", "--network", "none", "--volume", f"{volume}:/logs:ro", "--entrypoint")
    with subprocess.Popen((*mounted, command[0], _IMAGE, *command[1:]), stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        yield running.stdout
        running.stdout.read()
    if running.returncode:
        raise BackupError(f"FORWARD: the volume {volume} cannot be read")
