"""Every service of the embedded platform; brings them up, each until it is healthy, and down again."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from time import monotonic, sleep

import psutil

from connections.api_keys import KeysError, put_forms
from connections.settings import Settings
from readmission.errors import ReadmissionError
from readmission.local import addresses, airflow, answered, former_store, leftovers, processes, serving
from readmission.local.logs import LogEnd, log_end
from readmission.local.mlflow_server import mlflow
from readmission.local.ports import require_free
from readmission.local.service import Folders, Service, ServiceFailedError
from readmission.local.supervisor import STOPPED, ProcessState, Supervisor
from readmission.local.supervisor_file import SupervisorError

logger = logging.getLogger(__name__)

Watch = Callable[[str, str], None]
"""Called with a service's name and what it is doing now."""

_SECRETS = (
    "airflow_admin_password", "airflow_jwt_secret", "airflow_fernet_key", "airflow_secret_key",
    "mlflow_admin_password", "mlflow_pipeline_password", "mlflow_api_password", "forget_key",
    "model_signing_key", "form_api_key", "form_password", "form_cookie_secret",
)  # fmt: skip
_DEAD = frozenset({"BACKOFF", "EXITED", "FATAL"})
_PATIENCE_SECONDS = 10


class NoSecretError(ReadmissionError):
    """A secret that the services need is not set."""


class KeysFileError(ReadmissionError):
    """The file of the service's keys is damaged."""


class BusyError(ReadmissionError):
    """Another command is starting this platform now."""


def services(settings: Settings) -> tuple[Service, ...]:
    """Every service, in the order in which they are started: Airflow last, since its database is made meanwhile."""
    return (
        mlflow(settings),
        serving.api(settings),
        serving.form(settings),
        serving.keeper(settings),
        *serving.backups(settings),
        *airflow.services(settings),
    )


class Platform:
    """The services of some settings, and the supervisor that runs them.

    `started` says whether this object brought them up: who found them running must not stop them.
    """

    def __init__(self, settings: Settings, declared: tuple[Service, ...] | None = None) -> None:
        """Derives everything from the settings, and touches nothing."""
        self.settings = settings
        self.folders = Folders.of(settings)
        self.services = services(settings) if declared is None else declared
        self.supervisor = Supervisor(self.folders)
        self.started = False

    def up(self, watch: Watch, tell: Callable[[str], None] = logger.warning) -> None:
        """Starts what does not run as declared and waits until every service is healthy.

        `tell` is called with what a person should know of a state folder that an earlier release made.

        Raises:
            NoSecretError: a secret is not set.
            KeysFileError: the file of API keys is damaged.
        BusyPortError: a port is taken.
            BusyError: it is being started already.
            HalfUpgradedError: an upgrade of before was broken off; nothing has changed.
            NotSavedError: there are databases to migrate, and no backup could be made.
            ServiceFailedError: a service died, or was not healthy in time.
            SupervisorError: the supervisor did not start, or was stopped meanwhile.
        """
        from readmission.local import upgrade  # what it migrates with is slow to import

        self._require_secrets()
        self.folders.create()
        with _alone(self.folders.run / "lock"):
            if former_store.is_there(self.folders):
                self.down()
                tell(former_store.set_aside(self.folders))
            self._leave_what_cannot_go_on(tell)
            processes.end(self._leftovers(), _PATIENCE_SECONDS)
            self._require_ports()
            self.folders.create(self.services)
            upgrade.prepare(self.settings, tell)
            self._let_the_form_in()
            if not self.supervisor.is_running():
                self.started = True
                self.supervisor.start(self.services)
            addresses.record(self.settings, self.folders)
            self._wait(watch, self._start(watch))

    def down(self) -> int:
        """Stops everything, and gives the number of processes that there were; none is left."""
        alive = {process.pid for process in (*self.supervisor.processes(), *self._leftovers())}
        self.supervisor.stop()
        processes.end(self._leftovers(), _PATIENCE_SECONDS)
        return len(alive)

    def _leave_what_cannot_go_on(self, tell: Callable[[str], None]) -> None:
        """Stops services that were started where the folder is no longer, or by a release with others."""
        states = self.supervisor.states()
        if place := self.supervisor.moved_from():
            tell(f"The services were started in {place}, which is {self.folders.state} now: they are started again.")
        elif states and not {service.name for service in self.services} <= states.keys():
            tell("The services of another release are running: they are stopped first.")
        else:
            return
        self.supervisor.stop()

    def _leftovers(self) -> list[psutil.Process]:
        return leftovers.of(self.services, self.supervisor.processes())

    def _require_secrets(self) -> None:
        unset = [name.upper() for name in _SECRETS if not getattr(self.settings, name).get_secret_value()]
        if unset:
            raise NoSecretError(f"not set: {', '.join(unset)}; run `make env`, which writes .env")

    def _let_the_form_in(self) -> None:
        try:
            put_forms(self.settings.keys_file, self.settings.form_api_key.get_secret_value())
        except KeysError as error:
            raise KeysFileError(
                f"{self.settings.keys_file}: {error}; put back what it held, or remove it: keys are made anew by "
                "`readmission keys create`, the form's by the next start"
            ) from None

    def _require_ports(self) -> None:
        ours = {port for _, port in self.listening()}
        wanted = (service.port for service in self.services if service.port)
        require_free((port for port in wanted if port.number not in ours), self.settings.bind_address)

    def listening(self) -> set[tuple[str, int]]:
        """Where the platform's processes listen."""
        return processes.listening(self.supervisor.processes())

    def _start(self, watch: Watch) -> dict[str, LogEnd]:
        """Starts what does not run as declared; gives how far each log had come before."""
        before = {service.name: log_end(service.log) for service in self.services}
        states = self.supervisor.states()
        for service in self.services:
            if service.name == airflow.FIRST:
                airflow.prepare(self.settings, lambda: watch(airflow.FIRST, "migrating the database"))
            ran = service.name in states and states[service.name].is_alive
            starting = "starting anew, since its settings have changed" if ran else "starting"
            watch(service.name, starting if self.supervisor.run(service) else "running already")
        return before

    def _wait(self, watch: Watch, logs: dict[str, LogEnd]) -> None:
        begun = monotonic()
        started = self.supervisor.states()
        waiting = {service.name: service for service in self.services}
        while waiting:
            now = self.supervisor.states()
            for service in tuple(waiting.values()):
                if why := _failure(service, started.get(service.name), now.get(service.name), monotonic() - begun):
                    raise ServiceFailedError(f"{service.name} {why}", service.log, logs[service.name])
                if service.healthy():
                    answered.record(self.folders, now[service.name])
                    del waiting[service.name]
                    watch(service.name, "healthy")
            sleep(0.2)


def _failure(service: Service, before: ProcessState | None, now: ProcessState | None, seconds: float) -> str | None:
    """Why a service that is waited for will not become healthy.

    Raises:
        SupervisorError: nobody knows of it any more.
    """
    if before is None or now is None:
        raise SupervisorError(f"{service.name} did not start, since {STOPPED}")
    if now.state in _DEAD or now.started_at > before.started_at:
        return f"ended ({now.problem})" if now.problem else "ended"
    return f"was not healthy after {seconds:.0f} s" if seconds > service.start_seconds else None


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            raise BusyError("another command is starting this platform; wait for it, or see `make status`") from error
        yield
