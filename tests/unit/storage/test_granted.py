"""The rights that are granted on MySQL, by account; `make test-mysql` tries what the server makes of them."""

from connections.tables import CLEAN, RAW
from readmission.storage.accounts import GRANTED
from readmission.storage.contract_tables import INITIAL_DATA, SPLITS, prepared_name
from readmission.storage.table_renames import backward, forward

OF_THE_TABLE = {"CREATE", "ALTER", "DROP", "INDEX", "TRIGGER", "REFERENCES", "GRANT OPTION", "CREATE VIEW"}


def test_predictions_are_added_by_the_service_and_deleted_by_the_keeper_and_changed_by_nobody() -> None:
    rights = {account: granted.get(("RAW_DATA", "predictions")) for account, granted in GRANTED.items()}
    assert rights == {"pipeline": None, "api": {"SELECT", "INSERT"}, "keeper": {"SELECT", "DELETE"}}
    rights = {account: granted.get(("RAW_DATA", "forgotten")) for account, granted in GRANTED.items()}
    assert rights == {"pipeline": None, "api": {"SELECT"}, "keeper": {"SELECT", "INSERT"}}


def test_the_ledger_of_promotions_is_only_added_to() -> None:
    rights = {account: granted.get(("CLEAN_DATA", "promotions")) for account, granted in GRANTED.items()}
    assert rights == {"pipeline": {"SELECT", "INSERT"}, "api": None, "keeper": None}


def test_only_tables_that_are_swapped_are_the_pipelines_to_make_and_drop() -> None:
    swapped = {
        ("RAW_DATA", INITIAL_DATA),
        *(("CLEAN_DATA", name) for name in (*map(prepared_name, SPLITS), "encounters")),
    }
    names = {(db, each) for db, name in swapped for pair in (*forward(name), *backward(name)) for each in pair}
    for account, granted in GRANTED.items():
        made = {place for place, rights in granted.items() if rights & OF_THE_TABLE}
        assert made == (names if account == "pipeline" else set()), account


def test_every_other_table_that_the_pipeline_knows_is_one_that_is_migrated() -> None:
    fixed = {("RAW_DATA", name) for name in RAW.tables} | {("CLEAN_DATA", name) for name in CLEAN.tables}
    fixed |= {("RAW_DATA", "alembic_version"), ("CLEAN_DATA", "alembic_version")}
    for granted in GRANTED.values():
        assert {place for place, rights in granted.items() if not rights & OF_THE_TABLE} <= fixed
