"""The whole pipeline on MySQL, with the rights of its account; with SQLite, tests of each step cover it."""

from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from sqlalchemy import func, select

from connections.model_registry import production_version
from connections.mysql_connections import database_lock, engine_for
from connections.settings import Settings
from connections.tables import experiments, leases
from readmission.registry import settling
from readmission.registry.promotion import promote
from readmission.storage.databases import initialise
from tests.integration.conftest import MYSQL, TEST_SERVER
from tests.integration.mysql_accounts import accounts_on
from tests.integration.pipeline import BATCHES, filled, own_pipeline, train


@pytest.mark.usefixtures("database_settings")
@pytest.mark.parametrize("database_settings", [MYSQL], indirect=True)
def test_training_records_its_batches_and_promotions_take_turns(stores: Settings, tmp_path: Path) -> None:
    own = own_pipeline(stores, tmp_path, "mysql")
    with accounts_on(TEST_SERVER, own) as accounts:
        initialise(accounts.of("owner"), grants=True)
        _train_and_promote(accounts.of("pipeline"))


def _train_and_promote(settings: Settings) -> None:
    done = train(filled(settings))
    engine = engine_for(settings, "CLEAN_DATA")
    with engine.connect() as connection:
        recorded = connection.execute(select(experiments.c.batch_id, experiments.c.val_f1)).all()
        assert connection.execute(select(func.count()).select_from(leases)).scalar_one() == 0
    assert {row.batch_id for row in recorded} == set(range(BATCHES + 1))  # 0 is the vote of all
    assert done.outcome.val_f1 == max(row.val_f1 for row in recorded)
    assert production_version(settings, settings.model_name) is not None
    with ThreadPoolExecutor(1) as pool:
        with database_lock(engine, settling.LOCK):
            running = pool.submit(promote, settings, settings.model_name, done.outcome.version, "by hand")
            assert not wait([running], timeout=1.5).done
        assert running.result(timeout=60).promoted
