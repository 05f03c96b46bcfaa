"""The parts of a backup of the stack in Docker: how each is written, and how it is brought back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import IO

from compose.stack import copy, feed, giving, output
from connections.backup_file import BackupError, Writing

DATABASES = ("RAW_DATA", "CLEAN_DATA", "mlflow")
_AS_ROOT = 'MYSQL_PWD="$MYSQL_ROOT_PASSWORD" exec'
_VOLUME = (Path(__file__).parents[1] / "connections/files_tar.py").read_text(encoding="utf-8")
_BUCKET = ("run", "--rm", "--no-deps", "-T", "bucket", "python", "copy_bucket.py")


def _of_volume(service: str, what: str, folder: str) -> tuple[str, ...]:
    return ("run", "--rm", "--no-deps", "-T", "--entrypoint", "python", service, "-c", _VOLUME, what, folder)


# Volumes by part: the service whose it is, and where it sees it. What waits in a journal is added to what waits there;
# the last good model goes back in time with the registry, or a service that knows a later promotion would refuse it.
_VOLUMES = {
    "accounts.tar": ("mlflow", "/var/lib/mlflow", "load"),
    "adopted.tar": ("adopt", "/opt/airflow/var", "load"),
    "keys.tar": ("keys", "/keys", "load"),
    "journal.tar": ("api", "/var/lib/readmission/serving/journal", "add"),
    "served.tar": ("api", "/var/lib/readmission/serving/model", "load"),
}
# Artifacts come last, so that all that a database names is among them; journals before the predictions' table, whose
# rows are not added twice.
PARTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    **{
        part: (_of_volume(service, "save", folder), _of_volume(service, how, folder))
        for part, (service, folder, how) in _VOLUMES.items()
    },
    "mysql.sql": (
        (
            *("exec", "-T", "mysql", "sh", "-c"),
            f"{_AS_ROOT} mysqldump --user=root --single-transaction --source-data=2 --set-gtid-purged=OFF "
            f"--no-tablespaces --skip-masking-policies --databases {' '.join(DATABASES)}",
        ),
        ("exec", "-T", "mysql", "sh", "-c", f"{_AS_ROOT} mysql --user=root --binary-mode --max-allowed-packet=1G"),
    ),
    "airflow.dump": (
        ("exec", "-T", "postgres", "pg_dump", "--username=airflow", "--format=custom", "airflow"),
        (
            *("exec", "-T", "postgres", "sh", "-c"),
            # All that is there goes first: tables that a later release added would be in that release's way.
            "psql --username=airflow --dbname=airflow --quiet --set=ON_ERROR_STOP=1 "
            "--command='SET client_min_messages = warning; DROP SCHEMA public CASCADE; CREATE SCHEMA public "
            "AUTHORIZATION pg_database_owner; GRANT USAGE ON SCHEMA public TO PUBLIC' && "
            "exec pg_restore --username=airflow --dbname=airflow --clean --if-exists --no-owner --exit-on-error",
        ),
    ),
    "bucket.tar": ((*_BUCKET, "save"), (*_BUCKET, "load")),
}
_WHOLE = b"-- Dump completed"
_POSITION = re.compile(rb"SOURCE_LOG_FILE='([^']+)', SOURCE_LOG_POS=(\d+)")


class _Ends:
    """A stream's first and last bytes, of all that passes by on its way to a sink."""

    def __init__(self, sink: IO[bytes]) -> None:
        self.first, self.last, self._sink = b"", b"", sink

    def write(self, data: bytes) -> int:
        if len(self.first) < 1 << 16:
            self.first += data[: 1 << 16]
        self.last = (self.last + data[-200:])[-200:]
        return self._sink.write(data)


def save_all(backup: Writing) -> dict[str, object]:
    """Writes every part, and gives from where in the binary log a restored server can be rolled forward.

    Raises:
        BackupError: a part could not be had.
    """
    position: dict[str, object] = {}
    for name, (save, _) in PARTS.items():
        with backup.part(name) as sink, output(*save) as source:
            ends = _Ends(sink)
            copy(source, ends)  # type: ignore[arg-type]
        if name == "mysql.sql":
            position = _position(ends)
    return position


def load(name: str, source: IO[bytes] | bytes) -> None:
    """Brings a part back, from a stream or from what is given.

    Raises:
        BackupError: whoever reads it failed, and has said why.
    """
    feed(PARTS[name][1], BytesIO(source) if isinstance(source, bytes) else source)


def load_all(name: str, pieces: Iterable[bytes]) -> None:
    """Gives what reads a part one piece after the other.

    Raises:
        BackupError: it failed, and has said why.
    """
    with giving(*PARTS[name][1]) as sink:
        for piece in pieces:
            sink.write(piece)


def _position(dump: _Ends) -> dict[str, object]:
    found = _POSITION.search(dump.first)
    if found is None or _WHOLE not in dump.last:
        raise BackupError("MySQL's dump is not whole: nothing was saved")
    return {"file": found[1].decode(), "position": int(found[2])}
