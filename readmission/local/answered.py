"""Which services have answered since they were started: one that did and does so no more is not starting."""

from readmission.local.service import Folders
from readmission.local.supervisor import ProcessState


def record(folders: Folders, process: ProcessState) -> None:
    """Keeps beside what the supervisor runs that this start of a service has answered."""
    (folders.run / f"{process.name}.answered").write_text(_start_of(process), encoding="utf-8")


def since_start(folders: Folders, process: ProcessState) -> bool:
    """Whether this start of a service was seen to answer; an earlier one does not count."""
    try:
        return (folders.run / f"{process.name}.answered").read_text(encoding="utf-8") == _start_of(process)
    except FileNotFoundError:
        return False


def _start_of(process: ProcessState) -> str:
    return f"{process.pid} {process.started_at}"
