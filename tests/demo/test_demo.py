"""What the demo must come to, on the real data set or on made-up encounters; `make demo-check` runs this."""

import json

import httpx
import pytest

from connections.settings import SYNTHETIC, UCI_ARCHIVE
from readmission.local.summary import Summary
from tests.demo.watched import Watched

REAL_ROWS = 101_766
REAL_BATCHES = 6
MOST_MEMORY = 4e9
LOWEST_ROC_AUC = {"real": 0.64, SYNTHETIC: 0.60}
LOWEST_F1 = 0.25
HIGHEST_BRIER_RATIO = 0.97  # of the Brier score of the base rate on the same rows


@pytest.fixture
def summary(demo: Watched) -> Summary:
    assert demo.summary is not None
    return demo.summary


@pytest.fixture
def real(summary: Summary) -> Summary:
    """The summary of a demo on the real data set."""
    if summary.dataset != "real":
        pytest.skip("the demo ran on made-up encounters")
    return summary


def test_the_data_is_what_was_asked_for(demo: Watched, summary: Summary) -> None:
    asked = demo.settings.dataset_source
    assert summary.dataset in {UCI_ARCHIVE: {"real", SYNTHETIC}, SYNTHETIC: {SYNTHETIC}}.get(asked, {"real"})


def test_every_row_of_the_real_data_is_loaded(real: Summary) -> None:
    assert real.rows_loaded == REAL_ROWS


def test_the_real_data_makes_six_batches(real: Summary) -> None:
    assert len(real.batches) == REAL_BATCHES


def test_a_batch_is_in_production(summary: Summary) -> None:
    assert summary.production.batch_id in {batch.batch_id for batch in summary.batches}


def test_f1_is_high_enough(summary: Summary) -> None:
    assert summary.production.test_f1 >= LOWEST_F1


def test_the_brier_score_is_better_than_the_base_rates(summary: Summary) -> None:
    assert summary.production.test_brier <= HIGHEST_BRIER_RATIO * summary.production.test_base_brier


def test_roc_auc_is_high_enough(summary: Summary) -> None:
    assert summary.production.test_roc_auc >= LOWEST_ROC_AUC[summary.dataset]


def test_the_prediction_is_logged(demo: Watched, summary: Summary) -> None:
    answer = httpx.get(f"{demo.settings.url('api')}/predictions?limit=5", timeout=30, trust_env=False)
    assert summary.prediction.prediction_id in [one["prediction_id"] for one in answer.json()["predictions"]]


def test_the_tasks_logs_say_what_happened_and_nothing_else(demo: Watched) -> None:
    """No flood of warnings, and nothing at a level that it does not have."""
    logs = sorted((demo.settings.state_dir / "airflow/logs").glob("dag_id=*/run_id=*/task_id=*/**/attempt=*.log"))
    lines = {log: [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] for log in logs}
    assert len(lines) >= 6 and max(map(len, lines.values())) <= 60
    loud = [line for said in lines.values() for line in said if line["level"] not in ("debug", "info")]
    assert loud == []
    batches = [line["event"] for said in lines.values() for line in said if "val_f1" in line["event"]]
    assert any(event.startswith("batch 1: val_f1 0.") for event in batches)


def test_nothing_listens_beyond_loopback(demo: Watched) -> None:
    assert {address for address, _ in demo.listened | demo.platform.listening()} == {"127.0.0.1"}


def test_every_service_is_healthy(demo: Watched) -> None:
    assert [service.name for service in demo.platform.services if not service.healthy()] == []


def test_memory_stays_within_bounds(demo: Watched) -> None:
    assert 0 < demo.peak_memory < MOST_MEMORY


# The last one: it stops what the others use.
def test_nothing_is_left_running(demo: Watched) -> None:
    assert demo.left() != []
    demo.platform.down()
    assert demo.left() == []
