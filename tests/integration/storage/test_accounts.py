"""Each account of a MySQL server does its own work, and is refused everything else by the server itself."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connections.mysql_connections import DATABASES, engine_for
from connections.settings import Settings
from readmission import synthetic
from readmission.clean import prepare
from readmission.errors import NotMigratedError
from readmission.params import PrepareParams
from readmission.raw import ingest
from readmission.shadow.comparison import report
from readmission.storage.accounts import GRANTED
from readmission.storage.databases import initialise
from readmission.storage.table_swap import count
from readmission.training.explained import explained
from tests.integration.conftest import TEST_SERVER, on_server, wipe
from tests.integration.mysql_accounts import Accounts, accounts_on

pytestmark = pytest.mark.mysql

A_PREDICTION = (
    "INSERT INTO RAW_DATA.predictions (prediction_id, created_at, inputs, prediction, probability, threshold, "
    "model_name, model_version, dataset, shadow_version, shadow_probability, shadow_threshold) "
    "VALUES ('{id}', UTC_TIMESTAMP(6), '{{}}', 1, 0.5, 0.1, 'm', '1', 'real', '2', 0.4, 0.2)"
)
# No right on the table, on the database, on a column, of the server, to make an account, to grant, to read a file.
REFUSALS = {1044, 1142, 1143, 1227, 1410, 1045, 1370, 1141}
PREDICTIONS = "RAW_DATA.predictions"
PROMOTIONS = "CLEAN_DATA.promotions"
A_PROMOTION = (
    f"INSERT INTO {PROMOTIONS} (promotion_id, happened_at, model, action, by_whom, reason, numbers) "
    "VALUES ({id}, UTC_TIMESTAMP(6), 'm', 'promoted', 'somebody', 'because', '{{}}')"
)
# What nobody may do with the ledger who runs all day: each is another way to lose or change an entry.
OF_THE_LEDGER = (
    f"UPDATE {PROMOTIONS} SET reason = 'another'",
    f"DELETE FROM {PROMOTIONS}",
    f"TRUNCATE TABLE {PROMOTIONS}",
    f"DROP TABLE {PROMOTIONS}",
    f"ALTER TABLE {PROMOTIONS} DROP COLUMN reason",
    f"REPLACE {A_PROMOTION.format(id=1).removeprefix('INSERT ')}",
    f"{A_PROMOTION.format(id=1)} ON DUPLICATE KEY UPDATE reason = 'another'",
    f"RENAME TABLE {PROMOTIONS} TO CLEAN_DATA.train_data_old",
    f"CREATE TRIGGER CLEAN_DATA.more BEFORE INSERT ON {PROMOTIONS} FOR EACH ROW SET NEW.reason = 'another'",
    f"DELETE CLEAN_DATA.leases, {PROMOTIONS} FROM CLEAN_DATA.leases JOIN {PROMOTIONS}",
)
CHANGES = (
    f"UPDATE {PREDICTIONS} SET probability = 0",
    f"TRUNCATE TABLE {PREDICTIONS}",
    f"DROP TABLE {PREDICTIONS}",
    f"ALTER TABLE {PREDICTIONS} ADD COLUMN more INT",
    f"RENAME TABLE {PREDICTIONS} TO RAW_DATA.initial_data_old",
    f"CREATE INDEX more ON {PREDICTIONS} (threshold)",
    f"CREATE TRIGGER RAW_DATA.more BEFORE INSERT ON {PREDICTIONS} FOR EACH ROW SET NEW.probability = 0",
    f"REPLACE INTO {PREDICTIONS} (prediction_id) VALUES ('p')",
    f"LOCK TABLES {PREDICTIONS} WRITE",
)
# What no account but root may do.
OF_THE_SERVER = (
    "CREATE DATABASE another",
    "DROP DATABASE mlflow",
    "SELECT * FROM mysql.user",
    "CREATE USER another",
    "ALTER USER root@localhost IDENTIFIED BY 'x'",
    "SET GLOBAL max_connections = 5",
    "SELECT 1 INTO OUTFILE '/tmp/readmission-test'",
    f"GRANT SELECT ON {PREDICTIONS} TO mlflow",
)
WITHOUT_DATABASES = ("DROP DATABASE RAW_DATA", "CREATE TABLE RAW_DATA.another (a INT)", "DROP TABLE RAW_DATA.loads")
FORBIDDEN: dict[str, tuple[str, ...]] = {
    "owner": OF_THE_SERVER[:-1],
    "pipeline": (
        *OF_THE_SERVER,
        *WITHOUT_DATABASES,
        *CHANGES,
        f"DELETE FROM {PREDICTIONS}",
        f"SELECT 1 FROM {PREDICTIONS}",
        A_PREDICTION.format(id="p"),
        f"RENAME TABLE RAW_DATA.initial_data TO {PREDICTIONS}",
        "RENAME TABLE RAW_DATA.initial_data TO RAW_DATA.another",
        f"CREATE TABLE RAW_DATA.initial_data_old LIKE {PREDICTIONS}",
        f"CREATE TABLE RAW_DATA.initial_data_old AS SELECT * FROM {PREDICTIONS}",
        f"CREATE VIEW RAW_DATA.initial_data_old AS SELECT * FROM {PREDICTIONS}",
        f"DELETE RAW_DATA.initial_data, {PREDICTIONS} FROM RAW_DATA.initial_data JOIN {PREDICTIONS}",
        "ALTER TABLE RAW_DATA.loads ADD COLUMN more INT",
        "DELETE FROM RAW_DATA.loads",
        "DELETE FROM CLEAN_DATA.prepared_sets",
        "UPDATE CLEAN_DATA.experiments SET val_f1 = 1",
        "DELETE FROM RAW_DATA.alembic_version",
        "SELECT 1 FROM mlflow.experiments",
    ),
    "api": (
        *OF_THE_SERVER,
        *WITHOUT_DATABASES,
        *CHANGES,
        f"DELETE FROM {PREDICTIONS}",
        "SELECT 1 FROM RAW_DATA.initial_data",
        "SELECT 1 FROM RAW_DATA.loads",
        "SELECT 1 FROM CLEAN_DATA.train_data",
    ),
    "keeper": (
        *OF_THE_SERVER,
        *WITHOUT_DATABASES,
        *CHANGES,
        A_PREDICTION.format(id="k"),
        "SELECT 1 FROM RAW_DATA.initial_data",
        "SELECT 1 FROM CLEAN_DATA.train_data",
    ),
    "mlflow": (
        *OF_THE_SERVER[2:],
        *WITHOUT_DATABASES,
        f"SELECT 1 FROM {PREDICTIONS}",
        "SELECT 1 FROM CLEAN_DATA.train_data",
    ),
}


@pytest.fixture(scope="module")
def accounts(
    private_settings: Callable[[Path], Settings], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Accounts]:
    """The accounts, with the databases migrated and their rights granted."""
    wipe(TEST_SERVER)
    with accounts_on(TEST_SERVER, private_settings(tmp_path_factory.mktemp("accounts"))) as made:
        initialise(made.of("owner"), grants=True)
        yield made
        for account in made.passwords:
            for database in DATABASES:
                engine_for(made.of(account), database).dispose()


@pytest.mark.parametrize("account", FORBIDDEN)
def test_an_account_is_refused_what_is_not_its_work(accounts: Accounts, account: str) -> None:
    answers = {statement: accounts.refused(account, statement) for statement in FORBIDDEN[account]}
    assert {statement: code for statement, code in answers.items() if code not in REFUSALS} == {}


@pytest.mark.parametrize("account", ["pipeline", "api", "keeper", "mlflow"])
def test_the_ledger_of_promotions_is_changed_by_nobody_who_runs_all_day(accounts: Accounts, account: str) -> None:
    answers = {statement: accounts.refused(account, statement) for statement in OF_THE_LEDGER}
    assert {statement: code for statement, code in answers.items() if code not in REFUSALS} == {}


def test_the_pipeline_alone_adds_to_the_ledger_of_promotions(accounts: Accounts) -> None:
    assert accounts.refused("pipeline", A_PROMOTION.format(id=7)) == 0
    assert accounts.run("pipeline", f"SELECT reason FROM {PROMOTIONS} WHERE promotion_id = 7") == [("because",)]
    for account in ("api", "keeper", "mlflow"):
        assert accounts.refused(account, A_PROMOTION.format(id=8)) in REFUSALS
        assert accounts.refused(account, f"SELECT 1 FROM {PROMOTIONS}") in REFUSALS
    databases = [str(row[0]) for row in accounts.run("pipeline", "SHOW GRANTS") if ".*" in str(row[0])]
    assert databases == [line for line in databases if line.startswith("GRANT USAGE ON *.*")], "none on a database"
    assert accounts.run("owner", f"SELECT COUNT(*) FROM {PROMOTIONS}") == [(1,)]


def test_predictions_are_added_by_the_service_and_taken_by_the_keeper_alone(accounts: Accounts) -> None:
    assert accounts.refused("api", A_PREDICTION.format(id="one")) == 0
    assert accounts.run("api", f"SELECT prediction_id FROM {PREDICTIONS}") == [("one",)]
    assert accounts.run("keeper", f"SELECT prediction_id FROM {PREDICTIONS}") == [("one",)]
    assert [one.shadow_version for one in report(accounts.of("keeper")).comparisons] == ["2"]
    accounts.run("keeper", f"DELETE FROM {PREDICTIONS} WHERE prediction_id = 'one'")
    assert accounts.run("api", f"SELECT prediction_id FROM {PREDICTIONS}") == []


def test_the_pipeline_loads_undoes_and_prepares(accounts: Accounts, tmp_path: Path) -> None:
    settings, files = accounts.of("pipeline"), [tmp_path / "one.csv", tmp_path / "two.csv"]
    for seed, file in enumerate(files):
        synthetic.write(file, 1_000 + 200 * seed, seed=seed)
        ingest.load(settings, file)
    assert ingest.load(settings, files[1]).outcome == "unchanged"
    assert ingest.load(settings, files[1], force=True).rows == 1_200
    ingest.load(settings, files[0])
    assert ingest.undo(settings).back.rows == count(engine_for(settings, "RAW_DATA"), "initial_data") == 1_200
    for size in (500, 600):
        prepared = prepare.prepare(settings, PrepareParams(batch_size=size))
    assert prepared.rows["train"] == count(engine_for(settings, "CLEAN_DATA"), "train_data") > 500


def test_an_account_that_may_not_migrate_looks_whether_that_was_done(accounts: Accounts) -> None:
    said = initialise(accounts.of("pipeline"))
    assert [line.split(",")[1] for line in said] == [" which its owner migrated it to"] * 2
    (version,) = accounts.run("owner", "SELECT version_num FROM RAW_DATA.alembic_version")
    accounts.run("owner", "UPDATE RAW_DATA.alembic_version SET version_num = 'raw_0001'")
    try:
        with pytest.raises(NotMigratedError, match=r"at revision raw_0001, and this release needs .*: the job migrate"):
            initialise(accounts.of("pipeline"))
    finally:
        accounts.run("owner", f"UPDATE RAW_DATA.alembic_version SET version_num = '{version[0]}'")


def test_what_is_granted_beyond_is_taken_back_and_a_second_run_changes_nothing(accounts: Accounts) -> None:
    on_server(r"GRANT ALL ON `RAW\_DATA`.* TO pipeline")
    on_server(f"GRANT UPDATE, INDEX ON {PREDICTIONS} TO api")
    on_server("GRANT SELECT ON CLEAN_DATA.leases TO keeper WITH GRANT OPTION")
    on_server("REVOKE INSERT ON RAW_DATA.loads FROM pipeline")
    on_server(f"GRANT UPDATE, DELETE, DROP ON {PROMOTIONS} TO pipeline")
    owner = accounts.of("owner")
    assert initialise(owner, grants=True)[-1] == "rights of pipeline, api, keeper: 5 statements"
    assert initialise(owner, grants=True)[-1] == "rights of pipeline, api, keeper: nothing to change"
    assert accounts.refused("pipeline", f"SELECT 1 FROM {PREDICTIONS}") == 1142
    assert accounts.refused("api", f"UPDATE {PREDICTIONS} SET probability = 0") == 1142
    assert accounts.refused("pipeline", f"DELETE FROM {PROMOTIONS}") == 1142
    assert accounts.refused("keeper", "SELECT 1 FROM CLEAN_DATA.leases") in (1044, 1142)
    for account, wanted in GRANTED.items():
        lines = [str(row[0]) for row in accounts.run(account, "SHOW GRANTS")]
        assert len(lines) == 1 + len(wanted), "USAGE, and a line a table"


def test_without_migrations_the_pipeline_names_the_job_in_a_line(accounts: Accounts, tmp_path: Path) -> None:
    synthetic.write(tmp_path / "one.csv", 1_000, seed=1)
    try:
        wipe(TEST_SERVER)
        for step in (
            lambda: initialise(accounts.of("pipeline")),
            lambda: ingest.load(accounts.of("pipeline"), tmp_path / "one.csv"),
            lambda: prepare.prepare(accounts.of("pipeline"), PrepareParams()),
        ):
            with pytest.raises(Exception) as raised:
                step()
            told = raised.value if isinstance(raised.value, NotMigratedError) else explained(raised.value)
            assert told is not None, raised.value
            assert "the job migrate does that: `docker compose up migrate`" in str(told)
            assert "\n" not in str(told)
    finally:
        initialise(accounts.of("owner"), grants=True)
