"""What a start does with the databases of an older release: saves them first, and leaves alone what was broken off.

MLflow and Airflow migrate their tables when they are started; the platform's own are migrated here, as the job
`migrate` does it in Docker.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

from connections.kept_backups import way_back
from connections.migration import MARK, NOTHING
from connections.mysql_connections import DATABASES
from connections.schema_heads import HEADS, behind
from connections.settings import Settings
from readmission.errors import ReadmissionError
from readmission.local import backup
from readmission.local.service import Folders
from readmission.storage.databases import initialise


class HalfUpgradedError(ReadmissionError):
    """An upgrade was broken off in the middle; the message names the backup that brings the data back."""


def prepare(settings: Settings, tell: Callable[[str], None]) -> None:
    """Saves everything where a database is to be migrated, and then migrates the platform's own.

    Raises:
        HalfUpgradedError: a migration of before was broken off; nothing has changed.
        NotSavedError: there is no backup, so nothing is migrated.
    """
    files = _files(settings)
    for name, file in files.items():
        _require_whole(settings, name, file)
    found = {place: revision for place in HEADS for revision in _revisions(files, place)}
    old = behind(found)
    if not old:
        return
    path = backup.save(settings, settings.backups)
    tell(f"{'; '.join(old)}: all of it was saved first, in {path}")
    if any(line.startswith(DATABASES) for line in old):
        initialise(settings)


def _files(settings: Settings) -> dict[str, Path]:
    """The SQLite files that are there, by the name of the database."""
    state, databases = Folders.of(settings).state, backup.folder_of_databases(settings)
    known: dict[str, Path] = {name: databases / f"{name}.db" for name in DATABASES}
    known |= {"mlflow": state / "mlflow/mlflow.db", "airflow": state / "airflow/airflow.db"}
    return {name: file for name, file in known.items() if file.is_file()}


def _require_whole(settings: Settings, name: str, file: Path) -> None:
    for software, before, began in _rows(file, f"SELECT software, before, began FROM {MARK.name}"):
        if before != NOTHING:  # its first one it does again
            raise HalfUpgradedError(
                f"{software}'s upgrade of {began} UTC was broken off, and {name} is half-migrated: "
                f"{way_back(settings.backups, 'embedded', began)}"
            )


def _revisions(files: Mapping[str, Path], place: str) -> Iterator[str]:
    name, table = place.split(".")
    if name in files:
        yield from (row[0] for row in _rows(files[name], f"SELECT version_num FROM {table}"))


def _rows(file: Path, query: str) -> list[tuple[str, ...]]:
    """What a query finds; nothing where there is no such table."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        try:
            return connection.execute(query).fetchall()
        except sqlite3.OperationalError:
            return []
