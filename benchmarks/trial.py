"""A service under proof: with a registry and a database of its own, killed and started again on the same files."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import Popen
from threading import Event
from time import monotonic

from sqlalchemy import Engine

from benchmarks import stores
from benchmarks.serving.subjects import key_of, on_port, service_of
from connections.mysql_connections import engine_for
from connections.settings import Settings
from readmission.local.health import answers
from readmission.local.service import Folders, Service
from readmission.storage.databases import initialise
from tests import services
from tests.outside.answers import Comparison, Outcome, compare, rows_of
from tests.outside.health import is_drained

TREES = 60
AGAIN_SECONDS = 120.0
_DRAINED_SECONDS = 120.0


class Trial:
    """The service as a process, on the same port and the same files each time that it is started."""

    def __init__(self, service: Service, settings: Settings, log: Engine, database: stores.MySql | None) -> None:
        self._service = service
        self._settings = settings
        self._process: Popen[bytes] | None = None
        self.log = log
        self.database = database

    @property
    def url(self) -> str:
        """Where the service answers."""
        return self._settings.url("api")

    @property
    def key(self) -> str:
        """By which one may predict."""
        return key_of(self._settings)

    @property
    def pid(self) -> int:
        """The first of the service's processes."""
        assert self._process is not None
        return self._process.pid

    @property
    def state(self) -> Path:
        """Where the service keeps its journal."""
        return self._settings.state_dir

    def start(self) -> None:
        """Starts the service and waits until it answers."""
        self._process = services.start(self._service, Folders.of(self._settings))
        services.wait_until_healthy(self._service, self._process)

    def kill(self) -> None:
        """SIGKILL to all of the service's processes, then a start."""
        assert self._process is not None
        services.kill(self._process)
        self.start()

    def end(self) -> None:
        """Asks the service to end, and waits until it has."""
        assert self._process is not None
        services.end(self._process)

    def is_ready(self) -> bool:
        """Whether a prediction would be answered and logged."""
        return answers(f"{self.url}/health/ready")

    def settled(self, outcome: Outcome) -> Comparison:
        """Answers beside rows, when the journal has had time to drain by itself."""
        wait(lambda: self.database is None or self.database.answers(), AGAIN_SECONDS)
        wait(lambda: is_drained(self.url) and not self._compared(outcome).lost, _DRAINED_SECONDS)
        return self._compared(outcome)

    def _compared(self, outcome: Outcome) -> Comparison:
        return compare(outcome, rows_of(self.log, outcome))


def wait(condition: Callable[[], bool], seconds: float) -> bool:
    """Waits until a condition holds, at most so many seconds; whether it did."""
    until, pause = monotonic() + seconds, Event()
    while not condition():
        if monotonic() > until:
            return False
        pause.wait(0.5)
    return True


@contextmanager
def trial(folder: Path, registry: Settings, workers: int, mysql: bool) -> Iterator[Trial]:
    """A service that is ready, on SQLite or on the MySQL of Compose, for the block.

    Raises:
        SystemExit: it does not become ready.
    """
    own = folder / "service"
    own.mkdir()
    with ExitStack() as running:
        placed, database = on_port(registry, own), None
        if mysql:
            database = running.enter_context(stores.mysql(own, registry))
            placed = database.settings(placed, "api")
        else:
            initialise(placed)
        log = database.engine("api") if database else engine_for(placed, "RAW_DATA")
        made = Trial(service_of(placed, workers), placed, log, database)
        made.start()
        running.callback(made.end)
        if not wait(made.is_ready, AGAIN_SECONDS):
            raise SystemExit(f"the service is not ready after {AGAIN_SECONDS:.0f} s: {made.url}/health/ready")
        yield made
