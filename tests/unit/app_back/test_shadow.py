"""Whatever is wrong with a shadow, each encounter has its answer: what it could not score is counted and null."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app_back.metrics import Metrics
from app_back.models.model_holder import ModelHolder
from app_back.models.served_version import LoadedModel
from app_back.models.shadow_holder import ShadowHolder
from app_back.predicting.scored import Encounter, scored
from app_back.predicting.shadow import Shadow
from connections.model_registry import RegisteredVersion
from connections.settings import Settings
from readmission.clock import now
from readmission.features import FieldError, complete_request
from readmission.inference import Scorer
from readmission.model import serving_files
from tests.signed import load_signed
from tests.unit.prepared import fitted_pipeline, prepared_rows

SECRET = "a value of a patient"
ENCOUNTERS = [Encounter(complete_request({"number_inpatient": stays}), "r") for stays in range(5)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    serving_files.write(fitted_pipeline(), folder, prepared_rows(50, seed=2), dataset="synthetic", target="lt30")
    load_signed(folder)
    return folder


class Beside:
    """Two versions of the same files: the first answers, and a test breaks the second."""

    def __init__(self, folder: Path) -> None:
        self.answering, self.shadow = (self._loaded(folder, number) for number in "12")
        self.metrics = Metrics()
        holder = ShadowHolder(Settings(), ModelHolder(Settings()))
        holder._model = self.shadow
        self._shadow = Shadow(holder, self.metrics)

    @staticmethod
    def _loaded(folder: Path, number: str) -> LoadedModel:
        return LoadedModel(RegisteredVersion("m", number, "r", {}), load_signed(folder), now())

    @property
    def scorer(self) -> Scorer:
        return self.shadow.scorer

    def rows(self) -> list[tuple[float, str | None, float | None, float | None]]:
        """What the rows of the encounters say: the probability that is answered, and of the shadow."""
        logged = scored(ENCOUNTERS, self.answering, self._shadow).rows
        return [(row.probability, row.shadow_version, row.shadow_probability, row.shadow_threshold) for row in logged]

    def failures(self, error: str) -> str:
        """How many are counted."""
        name = f'readmission_shadow_failures_total{{error="{error}"}} '
        lines = self.metrics.exposed().decode().splitlines()
        return next((line.removeprefix(name) for line in lines if line.startswith(name)), "none")


@pytest.fixture
def beside(folder: Path) -> Beside:
    return Beside(folder)


def test_each_row_tells_what_the_shadow_said_at_which_threshold(beside: Beside) -> None:
    threshold = beside.scorer.config.threshold
    rows = beside.rows()
    assert [row[1:] for row in rows] == [("2", row[0], threshold) for row in rows]
    assert len({row[0] for row in rows}) > 1


def test_an_encounter_that_it_cannot_read_is_null_alone(
    beside: Beside, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before, read = beside.rows(), beside.scorer.encoding.of_requests

    def refusing(requests: Any) -> Any:
        if any(request["number_inpatient"] == 3 for request in requests):
            raise FieldError("number_inpatient", SECRET)
        return read(requests)

    monkeypatch.setattr(beside.scorer.encoding, "of_requests", refusing)
    for _ in range(2):
        assert [row[2] is None for row in beside.rows()] == [False, False, False, True, False]
    assert [row[0] for row in beside.rows()] == [row[0] for row in before], "the answers are as they were"
    assert [row[2] for place, row in enumerate(beside.rows()) if place != 3] == pytest.approx(
        [row[2] for place, row in enumerate(before) if place != 3]
    )
    assert {row[1] for row in beside.rows()} == {"2"}
    assert beside.failures("FieldError") == "5.0"
    assert caplog.messages == ["the shadow, version 2, could not score an encounter (FieldError)"]


def test_a_shadow_that_scores_nothing_is_asked_once_a_group(
    beside: Beside, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[int] = []

    def failing(matrix: Any) -> Any:
        asked.append(len(matrix))
        raise RuntimeError(SECRET)

    monkeypatch.setattr(beside.scorer, "of_matrix", failing)
    assert [row[1:3] for row in beside.rows()] == [("2", None)] * len(ENCOUNTERS)
    assert (asked, beside.failures("RuntimeError")) == ([len(ENCOUNTERS)], "5.0")
    assert SECRET not in caplog.text


def test_what_is_no_number_is_null_and_no_database_sees_it(beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside.scorer, "of_matrix", lambda _: np.array([0.1, np.nan, np.inf, 0.2, 0.3]))
    assert [row[2] for row in beside.rows()] == [0.1, None, None, 0.2, 0.3]
    assert beside.failures("nan") == "2.0"


def test_without_a_shadow_nothing_is_told(beside: Beside) -> None:
    beside.answering = beside.shadow
    assert {row[1:] for row in beside.rows()} == {(None, None, None)}
