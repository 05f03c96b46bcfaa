"""Brings Airflow's tables up to date, those of its accounts too, after a look whether that was broken off before.

`airflow-init` runs it at each start, and the embedded platform for each release: `airflow db migrate` does the work.
"""

import sys
from pathlib import Path

import airflow
from airflow.__main__ import main as run_airflow
from airflow.configuration import conf
from sqlalchemy import create_engine

from connections.migration import MigrationError, bring_up_to_date

_AIRFLOW = Path(airflow.__file__).parent
# Where Alembic's scripts are, by the table that it records their revisions in.
SCRIPTS = {
    "alembic_version": _AIRFLOW / "migrations",
    "alembic_version_fab": _AIRFLOW / "providers/fab/migrations",
}


def _migrate() -> None:
    """In this process, since importing Airflow takes the longest."""
    sys.argv = ["airflow", "db", "migrate"]
    try:
        run_airflow()  # type: ignore[no-untyped-call]
    except SystemExit as end:
        if end.code:
            raise MigrationError("Airflow's tables could not be migrated: why is said above") from None


def main() -> None:
    """Ends with a line, and 1, where the tables cannot be brought up to date."""
    engine = create_engine(conf.get_mandatory_value("database", "sql_alchemy_conn"))
    try:
        if not bring_up_to_date(engine, "Airflow", SCRIPTS, _migrate):
            _migrate()  # what is in its tables besides, such as the pool that tasks run in, is made at each start
    except MigrationError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
