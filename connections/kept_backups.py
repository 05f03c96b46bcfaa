"""The backups that are kept in a folder, and how the last one went. Standard library alone: `make` runs it on hosts."""

from __future__ import annotations

import json
from calendar import timegm
from contextlib import suppress
from pathlib import Path
from time import gmtime, strftime, strptime

_STAMP, _SHOWN = "%Y%m%dT%H%M%SZ", "%Y-%m-%d %H:%M:%S"
# A schedule looks each hour, and a backup takes its time: so much later than it should be, one is missed.
_LATE_HOURS = 2


def named(folder: Path, kind: str) -> list[Path]:
    """The whole backups of a platform (docker, embedded) that have the name they were given, the oldest first."""
    return sorted(folder.glob(f"readmission-{kind}-????????T??????Z.tar"))


def age_hours(folder: Path, kind: str) -> float | None:
    """How old the newest backup is; None where there is none."""
    there = named(folder, kind)
    return (timegm(gmtime()) - timegm(strptime(_stamp(there[-1]), _STAMP))) / 3_600 if there else None


def is_due(folder: Path, kind: str, every_hours: float) -> bool:
    """Whether the newest backup is older than one may be."""
    age = age_hours(folder, kind)
    return age is None or age >= every_hours


def record(folder: Path, kind: str, failed: str = "") -> None:
    """Notes how a backup went, for who asks for the state; of one that failed why, in one line."""
    with suppress(OSError):  # the folder itself may be what it failed for
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        said = {"at": strftime(_SHOWN, gmtime()), "failed": failed[:500]}
        (folder / f".last-{kind}.json").write_text(json.dumps(said), encoding="utf-8")


def problem(folder: Path, kind: str, every_hours: float) -> str | None:
    """What is wrong with the backups, with its time: the last one failed, or with a schedule it is too old."""
    try:
        last = json.loads((folder / f".last-{kind}.json").read_text(encoding="utf-8"))
        if last["failed"]:
            return f"the backup of {last['at']} UTC failed: {last['failed']}"
    except (OSError, ValueError, KeyError, TypeError):
        pass
    age = age_hours(folder, kind)
    if not every_hours or (age is not None and age < every_hours + _LATE_HOURS):
        return None
    if age is None:
        return f"there is no backup in {folder}, and one is due every {every_hours:g} hours"
    moment = strftime(_SHOWN, strptime(_stamp(named(folder, kind)[-1]), _STAMP))
    return f"the newest backup is of {moment} UTC, and one is due every {every_hours:g} hours"


def way_back(folder: Path, kind: str, began: str) -> str:
    """How what a migration left half done is brought back; `began` is its moment, as 2026-11-27 14:02:00."""
    stamp = strftime(_STAMP, strptime(began, _SHOWN))
    if before := [path for path in named(folder, kind) if _stamp(path) <= stamp]:
        return f"bring back the newest backup from before it with `make restore FILE={before[-1]} FORCE=1`"
    return f"bring back a backup from before it (there is none in {folder}) with `make restore FILE=… FORCE=1`"


def _stamp(path: Path) -> str:
    return path.stem.rsplit("-", 1)[-1]
