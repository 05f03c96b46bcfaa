"""The backups that are kept in a folder. Standard library alone, under any Python 3: `make` runs it on the host."""

from __future__ import annotations

from pathlib import Path


def named(folder: Path, kind: str) -> list[Path]:
    """The whole backups of a platform (docker, embedded) that have the name they were given, the oldest first."""
    return sorted(folder.glob(f"readmission-{kind}-*Z.tar"))


def way_back(folder: Path, kind: str, began: str) -> str:
    """How what a migration left half done is brought back; `began` is its moment, as 2026-11-27 14:02:00."""
    stamp = began.replace("-", "").replace(":", "").replace(" ", "T") + "Z"
    before = [path for path in named(folder, kind) if path.stem.rsplit("-", 1)[-1] <= stamp]
    if before:
        return f"bring back the newest backup from before it with `make restore FILE={before[-1]} FORCE=1`"
    return f"bring back a backup from before it (there is none in {folder}) with `make restore FILE=… FORCE=1`"
