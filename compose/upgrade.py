"""Before `make up` starts a release over the data of an older one: saves that data, and lets alone what was broken off.

The stores are asked what they are at, which takes a second where they run; this release's revisions it knows. Where
nothing is to be migrated nothing happens. Runs with the standard library alone, under any Python 3.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from compose.backup import KIND
from compose.backup import main as backup
from compose.stack import compose, is_fresh, tell
from connections.backup_file import BackupError
from connections.kept_backups import way_back
from connections.schema_heads import HEADS, behind

_STORES = ("mysql", "postgres")
# A table that is not there has no answer, and the next is asked; who has answered at all ends with this row.
_ANSWERED = "answered"
_ASK_MYSQL = (
    'MYSQL_PWD="${password}" mysql --host=127.0.0.1 --user={user} --batch --skip-column-names --force 2>/dev/null; true'
)
_ASK_POSTGRES = "psql --username=airflow --dbname=airflow --quiet --tuples-only --no-align --field-separator='\t'"
_HALF = "SELECT 'half', software, `before`, began FROM mlflow.migration_under_way;\n"


def asked() -> list[list[str]]:
    """What the stores say: by table of HEADS the revision that it records, and of a migration that was broken off.

    Raises:
        BackupError: one cannot be asked at all.
    """
    ours, theirs = _statements("RAW_DATA", "CLEAN_DATA"), _statements("mlflow") + _HALF
    return [
        *_rows("mysql", _ASK_MYSQL.format(password="MYSQL_OWNER_PASSWORD", user="owner"), ours),
        *_rows("mysql", _ASK_MYSQL.format(password="MYSQL_MLFLOW_PASSWORD", user="mlflow"), theirs),
        *_rows(
            "postgres", f"{_ASK_POSTGRES} 2>/dev/null; true", _statements("airflow").replace("FROM airflow.", "FROM ")
        ),
    ]


def _statements(*databases: str) -> str:
    places = [place for place in HEADS if place.split(".")[0] in databases]
    return "".join(f"SELECT '{place}', version_num FROM {place};\n" for place in places)


def _rows(service: str, command: str, statements: str) -> list[list[str]]:
    asking = ("docker", "compose", "exec", "-T", service, "sh", "-c", command)
    given = f"{statements}SELECT '{_ANSWERED}', 1;\n"
    done = subprocess.run(asking, input=given, stdout=subprocess.PIPE, text=True)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    if not rows or rows[-1][0] != _ANSWERED:
        raise BackupError(f"{service} does not say which release's tables it has")
    return rows[:-1]


def _old() -> list[str]:
    """What is to be migrated.

    Raises:
        BackupError: a migration was broken off, which has to be brought back first.
    """
    try:
        rows = asked()
    except BackupError as error:  # an older release, whose accounts are others
        return [str(error)]
    for kind, *half in rows:
        if kind == "half" and half[1] != "nothing":
            raise HalfDoneError(half[2])
    return behind({row[0]: row[1] for row in rows})


class HalfDoneError(Exception):
    """MLflow's migration was broken off; Airflow's are taken back by Postgres, and ours are done once more."""


def main(saving: Sequence[str]) -> int:
    """Returns 1, with a line, where nothing may be started; `saving` is what `compose.backup save` is told."""
    try:
        if is_fresh():
            return 0
        compose("up", "--detach", "--wait", "--no-recreate", "--no-deps", *_STORES)
        old = _old()
        if not old:
            return 0
        tell(f"{'; '.join(old)}: everything is saved before it is migrated")
        compose("build")
        compose("up", "--detach", "--wait", "--no-recreate", "--no-deps", "minio")
    except BackupError as error:
        tell(f"{error}; nothing was started")
        return 1
    except HalfDoneError as began:
        how = way_back(Path(saving[0]), KIND, str(began))
        tell(f"MLflow's upgrade of {began} UTC was broken off, and its tables are half-migrated: {how}")
        return 1
    if failed := backup(("save", *saving)):
        tell("nothing was migrated; NO_BACKUP=1 goes on without a backup")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
