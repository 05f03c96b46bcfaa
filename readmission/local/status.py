"""What answers, asked at the addresses at which the services were started, and whose it is."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from rich.console import Group
from rich.table import Table
from rich.text import Text

from connections import readiness
from connections.settings import Settings
from readmission.local import addresses, answered, processes
from readmission.local.platform import Platform
from readmission.local.ports import is_free, owner
from readmission.local.service import Service
from readmission.local.supervisor import ProcessState

ANSWERS, STARTING, SILENT, STOPPED = "answers", "starting", "does not answer", "stopped"
FOREIGN = "answers, but is not ours"
_NOT_TRIED_AGAIN = "FATAL"


@dataclass(frozen=True)
class Status:
    """One service: the state it is in, its process, and what a person should know beside that."""

    service: Service
    state: str
    pid: int | None = None
    note: str = ""

    @property
    def answers(self) -> bool:
        """Whether it does its job, and somebody looks after it."""
        return self.state == ANSWERS


def look(settings: Settings) -> list[Status]:
    """Asks every service; where services run, those that were started, even if settings have changed since."""
    platform = Platform(settings)
    alive, states = platform.supervisor.processes(), platform.supervisor.states()
    if alive:
        platform = Platform(addresses.as_started(settings))
    ours = {port for _, port in processes.listening(alive)}

    def ask(service: Service) -> Status:
        port = service.port.number if service.port else None
        if port and port not in ours and not is_free(port, platform.settings.bind_address):
            return Status(service, FOREIGN if service.healthy() else SILENT, None, f"{owner(port)} has its port")
        if process := states.get(service.name):
            return _supervised(platform, service, process)
        return _unsupervised(service) if alive else Status(service, STOPPED)

    with ThreadPoolExecutor(len(platform.services)) as pool:
        return list(pool.map(ask, platform.services))


def _supervised(platform: Platform, service: Service, process: ProcessState) -> Status:
    if process.is_alive and service.healthy():
        answered.record(platform.folders, process)
        says = readiness.remark(platform.settings.url("api")) if service.name == "api" else ""
        return Status(service, ANSWERS, process.pid, says)
    if process.state == "STOPPED":
        return Status(service, STOPPED)
    if frozen := processes.frozen(process.pid):
        pids = " ".join(str(one.pid) for one in frozen)
        return Status(service, SILENT, process.pid, f"stopped by a signal; `kill -CONT {pids}` lets it go on")
    soon = process.is_alive and process.seconds < service.start_seconds
    if soon and not answered.since_start(platform.folders, process):
        return Status(service, STARTING, process.pid)
    note = f"see `make logs SERVICE={service.name}`"
    if process.state == _NOT_TRIED_AGAIN:
        note = f"ended too often; {note}"
    return Status(service, SILENT, process.pid or None, note)


def _unsupervised(service: Service) -> Status:
    note = "the supervisor was killed: `make services` or `make demo` starts anew, `make down` ends what is left"
    return Status(service, f"{ANSWERS}, unsupervised" if service.healthy() else SILENT, None, note)


def shown(found: list[Status]) -> Group:
    """The table that a person sees, and below it what to know of its services."""
    table = Table("Service", "State", "PID")
    table.add_column("Address", no_wrap=True)
    notes: dict[str, list[str]] = {}
    for one in found:
        table.add_row(one.service.name, one.state, str(one.pid or ""), one.service.address or "")
        if one.note:
            notes.setdefault(one.note, []).append(one.service.name)
    return Group(table, *(Text(f"{', '.join(names)}: {note}") for note, names in notes.items()))
