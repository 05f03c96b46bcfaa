"""Brings MLflow's tables up to date, once: the server does it at its start, and on Kubernetes a container before it."""

import os
from pathlib import Path

from sqlalchemy import inspect

from connections.migration import MARK, MigrationError, bring_up_to_date


def migrate(uri: str) -> None:
    """Makes MLflow's tables, or migrates those of an older release.

    Raises:
        SystemExit: a migration was broken off in the middle, or a newer release migrated the tables.
    """
    from mlflow.store.db import utils  # MLflow reads its settings when it is imported

    engine = utils.create_sqlalchemy_engine_with_retry(uri)  # type: ignore[no-untyped-call]
    scripts = Path(utils.__file__).parents[1] / "db_migrations"

    def run() -> None:
        # What `mlflow db upgrade` does.
        if all(name == MARK.name or name.startswith("alembic_") for name in inspect(engine).get_table_names()):
            utils._initialize_tables(engine)  # type: ignore[no-untyped-call]
        else:
            utils._upgrade_db(engine)  # type: ignore[no-untyped-call]

    try:
        bring_up_to_date(engine, "MLflow", {"alembic_version": scripts}, run)
    except MigrationError as error:
        raise SystemExit(str(error)) from None
    finally:
        engine.dispose()


if __name__ == "__main__":
    migrate(os.environ["MLFLOW_BACKEND_STORE_URI"])
