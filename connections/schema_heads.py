"""The revisions that this release brings each database to: what tells, without asking the programs, that one is older.

`make` compares them on the host before a start, so that a backup is made before anything is migrated. Standard library
alone.
"""

from __future__ import annotations

from collections.abc import Mapping

# By the table in which Alembic records a revision: of MySQL's databases, and of Airflow's own.
HEADS: Mapping[str, str] = {
    "RAW_DATA.alembic_version": "raw_0005",
    "CLEAN_DATA.alembic_version": "clean_0003",
    "mlflow.alembic_version": "dc11669786a5",
    "airflow.alembic_version": "d2f4e1b3c5a7",
    "airflow.alembic_version_fab": "02ca36b0235b",
}


def behind(found: Mapping[str, str]) -> list[str]:
    """What is not at this release's revision, of the revisions that were found; what has none yet is not behind."""
    return [
        f"{place.split('.')[0]} is at revision {found[place]}, and this release has {head}"
        for place, head in HEADS.items()
        if found.get(place, head) != head
    ]
