"""Whose the processes are: a state folder's own are its supervisor's session, and no other's.

The supervisor and its services work in the state folder. A copy of the folder copies the record of the supervisor, but
nobody works in the copy; a folder that is renamed keeps its processes, since they still work in it.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import psutil

from readmission.local import processes
from readmission.local.service import Folders

# Clock corrections move a process's time of start a little.
_SAME_START_SECONDS = 2


@dataclass(frozen=True)
class Session:
    """The record of a supervisor: its pid, which is its session's number, its time of start, and its state folder."""

    pid: int
    created: float
    state: str = ""

    @classmethod
    def begun(cls, pid: int, folders: Folders) -> Self:
        """Records a supervisor that was started just now."""
        session = cls(pid, psutil.Process(pid).create_time(), str(folders.state))
        _record(folders).write_text(json.dumps(asdict(session)), encoding="utf-8")
        return session

    @classmethod
    def of(cls, folders: Folders) -> Self | None:
        """The last supervisor of a state folder, whether it lives or not."""
        try:
            return cls(**json.loads(_record(folders).read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def processes(self, folders: Folders) -> list[psutil.Process]:
        """The living processes of this session, none when it is another folder's or the number went to a stranger."""
        leader = _living(self.pid)
        if leader is not None and abs(leader.create_time() - self.created) >= _SAME_START_SECONDS:
            return []
        found = processes.of_session(self.pid)
        return found if any(_is_of(one, folders.state) for one in found) else []


def _record(folders: Folders) -> Path:
    return folders.run / "supervisord.json"


def _is_of(process: psutil.Process, state: Path) -> bool:
    """A person who looks at the folder has a terminal; what the supervisor starts has none."""
    return processes.works_in(process, state) and process.terminal() is None


def _living(pid: int) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process
    except psutil.Error:
        return None
