"""The databases are made by the migrations alone, once, whoever starts first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Engine, MetaData, insert, inspect, select, text
from sqlalchemy import table as table_of

from connections import tables
from connections.mysql_connections import DATABASES, DatabaseName, create_databases, engine_for, is_sqlite
from connections.settings import Settings
from readmission.errors import NotMigratedError, ReadmissionError
from readmission.raw import ingest
from readmission.storage.databases import initialise, migration_config

METADATA: dict[DatabaseName, MetaData] = {"RAW_DATA": tables.RAW, "CLEAN_DATA": tables.CLEAN}
A_PREDICTION = {
    "prediction_id": "p1",
    "created_at": datetime(2026, 1, 2, 3, 4, 5, 678901),
    "inputs": {"age": 65},
    "prediction": 1,
    "probability": 0.25,
    "threshold": 0.1,
    "model_name": "m",
    "model_version": "1",
    "dataset": "real",
}


def differences(engine: Engine, metadata: MetaData) -> list[object]:
    ours = set(metadata.tables)
    options = {"compare_type": True, "include_name": lambda name, kind, _: kind != "table" or name in ours}
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


@pytest.mark.parametrize("database", DATABASES)
def test_migrations_make_the_declared_tables(database_settings: Settings, database: DatabaseName) -> None:
    initialise(database_settings)
    engine = engine_for(database_settings, database)
    assert differences(engine, METADATA[database]) == []
    other = MetaData()
    for table in METADATA[database].tables.values():
        table.to_metadata(other)
    column = next(iter(other.tables.values())).columns[1]
    column.nullable = not column.nullable
    assert len(differences(engine, other)) == 1, "the comparison must notice a changed column"


def test_every_table_of_the_platform_is_there(database_settings: Settings) -> None:
    initialise(database_settings)
    raw, clean = (set(inspect(engine_for(database_settings, name)).get_table_names()) for name in DATABASES)
    assert raw == {"alembic_version", "loads", "predictions", "forgotten", "initial_data"}
    splits = {"train_data", "val_data", "test_data"}
    assert clean == {"alembic_version", "prepared_sets", "encounters", "experiments", "leases", "promotions"} | splits


def test_a_second_run_changes_nothing(database_settings: Settings) -> None:
    first = initialise(database_settings)
    assert "RAW_DATA: migrated from nothing to revision raw_0005" in first
    assert "CLEAN_DATA: created the empty table val_data" in first
    assert initialise(database_settings) == [
        "RAW_DATA: at revision raw_0005, nothing to migrate",
        "CLEAN_DATA: at revision clean_0003, nothing to migrate",
    ]


@pytest.mark.parametrize("database", DATABASES)
def test_tables_that_somebody_dropped_are_made_anew(database_settings: Settings, database: DatabaseName) -> None:
    initialise(database_settings)
    engine = engine_for(database_settings, database)
    METADATA[database].drop_all(engine)
    said = initialise(database_settings)
    for name in METADATA[database].tables:
        assert f"{database}: created the empty table {name}" in said
    assert differences(engine, METADATA[database]) == []


def test_a_migration_that_was_recorded_and_not_done_is_done_once_more(database_settings: Settings) -> None:
    initialise(database_settings)
    engine = engine_for(database_settings, "RAW_DATA")
    with engine.begin() as connection:
        connection.execute(insert(tables.predictions).values(A_PREDICTION))
        connection.execute(text("ALTER TABLE predictions DROP COLUMN request_id"))
        connection.execute(text("ALTER TABLE predictions DROP COLUMN shadow_threshold"))
        connection.execute(text("ALTER TABLE loads DROP COLUMN counts"))
    said = initialise(database_settings)
    assert said[0] == (
        "RAW_DATA: a half migration is repaired, with RAW_DATA.loads.counts, RAW_DATA.predictions.request_id, "
        "RAW_DATA.predictions.shadow_threshold"
    )
    assert differences(engine, tables.RAW) == []
    with engine.connect() as connection:
        assert connection.execute(select(tables.predictions.c.prediction_id)).scalars().all() == ["p1"]


def test_what_no_migration_adds_names_the_backup(database_settings: Settings) -> None:
    initialise(database_settings)
    with engine_for(database_settings, "CLEAN_DATA").begin() as connection:
        connection.execute(text("ALTER TABLE experiments DROP COLUMN val_f1"))
    with pytest.raises(NotMigratedError, match=r"do not add CLEAN_DATA\.experiments\.val_f1: restore the backup"):
        initialise(database_settings)


def test_tables_of_a_newer_release_are_left_alone(database_settings: Settings) -> None:
    initialise(database_settings)
    with engine_for(database_settings, "RAW_DATA").begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'raw_9999'"))
    with pytest.raises(NotMigratedError, match="at revision raw_9999, which this release does not know: a newer one"):
        initialise(database_settings)


def test_two_that_start_together_migrate_once(database_settings: Settings) -> None:
    with ThreadPoolExecutor(4) as threads:
        said = list(threads.map(initialise, [database_settings] * 4))
    assert sorted(sum("migrated" in line for line in lines) for lines in said) == [0, 0, 0, 2]


def test_predictions_that_are_there_stay(database_settings: Settings) -> None:
    create_databases(database_settings)
    engine = engine_for(database_settings, "RAW_DATA")
    tables.predictions.create(engine)
    with engine.begin() as connection:
        connection.execute(insert(tables.predictions).values(A_PREDICTION))
    initialise(database_settings)
    with engine.connect() as connection:
        assert connection.execute(select(tables.predictions.c.prediction_id)).scalars().all() == ["p1"]
    assert differences(engine, tables.RAW) == []


def test_times_keep_their_microseconds(database_settings: Settings) -> None:
    initialise(database_settings)
    with engine_for(database_settings, "RAW_DATA").begin() as connection:
        connection.execute(insert(tables.predictions).values(A_PREDICTION))
        stored = connection.execute(select(tables.predictions)).mappings().one()
    assert stored["created_at"] == A_PREDICTION["created_at"]
    assert stored["inputs"] == {"age": 65}


def test_the_loads_of_an_earlier_version_stay(database_settings: Settings) -> None:
    """Its table has no counts: it is read as it is, a load asks for the migration, and the migration keeps the rows."""
    create_databases(database_settings)
    engine = engine_for(database_settings, "RAW_DATA")
    with engine.connect() as connection:
        command.upgrade(migration_config(connection, "RAW_DATA"), "raw_0001")
        connection.commit()
    first = {"source": "old.csv", "started_at": datetime(2026, 1, 2), "outcome": "loaded", "rows": 5, "dataset": "real"}
    columns = {name: column for name, column in tables.loads.columns.items() if name in first}
    with engine.begin() as connection:
        connection.execute(
            insert(table_of(tables.loads.name, *(Column(n, c.type) for n, c in columns.items()))), [first]
        )
    assert ingest.current_load(database_settings) is None, "its rows are gone"
    with pytest.raises(
        ReadmissionError, match=r"of an earlier version: (run crear_bases_si_no_existen first|the job migrate)"
    ):
        ingest.load(database_settings)
    assert "RAW_DATA: migrated from raw_0001 to revision raw_0005" in initialise(database_settings)
    with engine.connect() as connection:
        kept = connection.execute(select(tables.loads)).mappings().one()
    assert (kept["source"], kept["rows"], kept["counts"]) == ("old.csv", 5, None)
    assert differences(engine, tables.RAW) == []


@pytest.mark.parametrize("database", DATABASES)
def test_migrations_go_back_and_forth(database_settings: Settings, database: DatabaseName) -> None:
    initialise(database_settings)
    engine = engine_for(database_settings, database)
    with engine.connect() as connection:
        command.downgrade(migration_config(connection, database), "base")
        connection.commit()
    assert set(METADATA[database].tables).isdisjoint(inspect(engine).get_table_names())
    initialise(database_settings)
    assert differences(engine, METADATA[database]) == []


def test_sqlite_readers_do_not_wait_for_writers(settings: Settings) -> None:
    initialise(settings)
    engine = engine_for(settings, "RAW_DATA")
    assert is_sqlite(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    engine.dispose()
