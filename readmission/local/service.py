"""What a service of the embedded platform is: one declaration from which it is started, watched and reported."""

import os
import stat
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from connections.settings import Settings
from readmission.errors import ReadmissionError
from readmission.local.logs import BEGINNING, LogEnd, end_of


class ServiceFailedError(ReadmissionError):
    """A service died or did not become healthy in time; the message ends with what it wrote since it was started."""

    def __init__(self, what: str, log: Path, since: LogEnd = BEGINNING) -> None:
        super().__init__(f"{what}. {end_of(log, since)}")


class StateFolderError(ReadmissionError):
    """The state folder, or one below it, cannot be made or written."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(f"STATE_DIR: {folder} cannot be written ({why}); name a folder of yours, or change its rights")


@dataclass(frozen=True)
class Port:
    """A port that a service listens on, and the setting that moves it."""

    number: int
    setting: str


@dataclass(frozen=True, kw_only=True)
class Service:
    """One program: how it starts, where it listens, how to tell that it works; `make logs` takes its name.

    `environment` is all that the program gets, so a secret that is not named there is not known to it.
    `healthy` answers within seconds, and False (never an exception) while the service is not ready.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    folder: Path
    log: Path
    healthy: Callable[[], bool] = field(repr=False)
    port: Port | None = None
    address: str | None = None
    start_seconds: float = 300.0


@dataclass(frozen=True)
class Folders:
    """Where the embedded platform keeps what: all of it under the state folder."""

    state: Path

    @classmethod
    def of(cls, settings: Settings) -> "Folders":
        """The folders under `settings.state_dir`."""
        return cls(settings.state_dir.resolve())

    @property
    def logs(self) -> Path:
        """One log a service, rotated."""
        return self.state / "log"

    @property
    def run(self) -> Path:
        """What the supervisor needs while it runs; holds secrets, so only its owner may read it."""
        return self.state / "run"

    def of_service(self, name: str) -> Path:
        """A service's own data and working folder."""
        return self.state / name

    def create(self, services: Iterable[Service] = ()) -> None:
        """Makes the folders, closed to other users, and closes those that are there.

        Raises:
            StateFolderError: one cannot be made or written.
        """
        for folder in (self.state, self.logs, self.run, *(service.folder for service in services)):
            try:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                _close(folder)
            except OSError as error:
                raise StateFolderError(folder, str(error.strerror)) from error
            if not os.access(folder, os.W_OK | os.X_OK):
                raise StateFolderError(folder, "it belongs to another user")


def _close(folder: Path) -> None:
    """Takes a folder's rights from other users, unless it is a common one, such as /tmp."""
    mode = folder.stat().st_mode
    if mode & 0o077 and not mode & stat.S_ISVTX and folder.stat().st_uid == os.getuid():
        folder.chmod(0o700)


def program(name: str) -> str:
    """A program of the environment that this process runs in."""
    return str(Path(sys.executable).parent / name)
