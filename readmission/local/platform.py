"""Brings the embedded platform up, service by service until each is healthy, and down again."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from time import monotonic, sleep

from connections.settings import Settings
from readmission.errors import ReadmissionError
from readmission.local import airflow, processes
from readmission.local.ports import require_free
from readmission.local.service import Folders, Service
from readmission.local.services import services
from readmission.local.supervisor import ProcessState, Supervisor

Watch = Callable[[str, str], None]
"""Called with a service's name and what it is doing now."""

_SHOWN_LOG_LINES = 15
_MIGRATE_SECONDS = 300
_SECRETS = (
    "airflow_admin_password", "airflow_jwt_secret", "airflow_fernet_key", "airflow_secret_key",
    "aws_access_key_id", "aws_secret_access_key",
)  # fmt: skip
_MIGRATE = "airflow-db-migrate"
_DEAD = frozenset({"BACKOFF", "EXITED", "FATAL"})


class ServiceFailedError(ReadmissionError):
    """A service died or did not become healthy in time; the message ends with the last lines of its log."""


class NoSecretError(ReadmissionError):
    """A secret that the services need is not set."""


class BusyError(ReadmissionError):
    """Another command is starting this platform now."""


class Platform:
    """The services of some settings, and the supervisor that runs them."""

    def __init__(self, settings: Settings, declared: tuple[Service, ...] | None = None) -> None:
        """Derives everything from the settings, and touches nothing."""
        self.settings = settings
        self.folders = Folders.of(settings)
        self.services = services(settings) if declared is None else declared
        self.supervisor = Supervisor(self.folders)

    def up(self, watch: Watch) -> None:
        """Starts what does not run as declared and waits until every service is healthy.

        Raises:
            NoSecretError: a secret is not set.
            BusyPortError: a port is taken.
            BusyError: it is being started already.
            ServiceFailedError: a service died, or was not healthy in time.
        """
        self._require_secrets()
        self.folders.create(self.services)
        with _alone(self.folders.run / "lock"):
            self._require_ports()
            if not self.supervisor.is_running():
                self.supervisor.start(self.services)
            self._start(watch)
            self._wait(watch)

    def down(self) -> None:
        """Stops everything; no process is left."""
        self.supervisor.stop()

    def _require_secrets(self) -> None:
        unset = [name.upper() for name in _SECRETS if not getattr(self.settings, name).get_secret_value()]
        if unset:
            raise NoSecretError(f"not set: {', '.join(unset)}; run `make env`, which writes .env")

    def _require_ports(self) -> None:
        running = {name for name, process in self.supervisor.states().items() if process.state == "RUNNING"}
        ours = {port for _, port in self.listening()}
        wanted = (port for service in self.services if service.name not in running for port in service.ports)
        require_free((port for port in wanted if port.number not in ours), self.settings.bind_address)

    def listening(self) -> set[tuple[str, int]]:
        """Where the platform's processes listen."""
        return processes.listening(self.supervisor.processes())

    def _start(self, watch: Watch) -> None:
        of_airflow = [service for service in self.services if service.name.startswith("airflow-")]
        migration = self._start_migration(watch) if of_airflow else None
        later = of_airflow if migration else []
        for service in self.services:
            if service not in later:
                self._run(service, watch)
        if migration is not None:
            self._finish_migration(migration)
        for service in later:
            self._run(service, watch)

    def _run(self, service: Service, watch: Watch) -> None:
        watch(service.name, "starting" if self.supervisor.run(service) else "running already")

    def _start_migration(self, watch: Watch) -> "subprocess.Popen[bytes] | None":
        airflow.write_password(self.settings)
        command = airflow.migration(self.settings)
        if command is None:
            return None
        for service in airflow.services(self.settings):
            watch(service.name, "migrating the database")
        with (self.folders.logs / f"{_MIGRATE}.log").open("wb") as log:
            return subprocess.Popen(
                command, env=airflow.environment(self.settings), cwd=self.folders.state, stdout=log, stderr=log
            )

    def _finish_migration(self, migration: "subprocess.Popen[bytes]") -> None:
        try:
            code = migration.wait(timeout=_MIGRATE_SECONDS)
        except BaseException:
            migration.kill()
            raise
        if code != 0:
            log = self.folders.logs / f"{_MIGRATE}.log"
            raise ServiceFailedError(f"Airflow's database could not be made:\n{last_lines(log)}")
        airflow.migrated(self.settings)

    def _wait(self, watch: Watch) -> None:
        begun = monotonic()
        started = self.supervisor.states()
        waiting = {service.name: service for service in self.services}
        while waiting:
            now = self.supervisor.states()
            for service in tuple(waiting.values()):
                self._check(service, started.get(service.name), now.get(service.name), monotonic() - begun)
                if service.healthy():
                    del waiting[service.name]
                    watch(service.name, "healthy")
            sleep(0.2)

    def _check(self, service: Service, before: ProcessState | None, now: ProcessState | None, seconds: float) -> None:
        if before is None or now is None or now.state in _DEAD or now.started_at > before.started_at:
            raise ServiceFailedError(f"{service.title} ended. The end of {service.log}:\n{last_lines(service.log)}")
        if seconds > service.start_seconds:
            raise ServiceFailedError(
                f"{service.title} was not healthy after {seconds:.0f} s. The end of {service.log}:\n"
                f"{last_lines(service.log)}"
            )


def last_lines(log: Path, count: int = _SHOWN_LOG_LINES) -> str:
    """The end of a log."""
    if not log.is_file():
        return "(no log)"
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 20_000))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-count:])


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            raise BusyError("another command is starting this platform; wait for it, or see `make status`") from error
        yield
