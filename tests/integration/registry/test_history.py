"""A version with history from the load to production, held against one without on the same rows."""

from pathlib import Path

import pytest

from connections.model_registry import client, registered
from connections.settings import Settings
from readmission.clean import prepare, prepared_sets
from readmission.features import CATEGORIES, HISTORY_CATEGORIES, HISTORY_NUMBERS, NUMBERS
from readmission.params import ForestParams
from readmission.registry.card.shapes import Card
from readmission.registry.promotion import promote, promote_if_better
from readmission.registry.signed_models import version_model
from tests.integration.pipeline import PREPARED, filled, own_pipeline, train
from tests.integration.registry.conftest import Register

pytestmark = pytest.mark.slow

ROWS = 5_000
WITH_HISTORY = PREPARED.model_copy(update={"history": True, "batch_size": ROWS})


def test_a_version_with_history_and_one_without_are_compared_on_the_same_rows(
    settings: Settings, register: Register, ranked: list[int], tmp_path: Path
) -> None:
    name = settings.model_name
    own = filled(own_pipeline(settings, tmp_path, name).model_copy(update={"model_name": name}), ROWS)
    without = register(ranked[0])
    promote(own, name, without, "a start")
    before = prepared_sets.current(own)
    prepared = prepare.prepare(own, WITH_HISTORY)
    assert prepared.fingerprint != before.fingerprint and prepared.params.history
    assert sum(prepared.rows.values()) < sum(before.rows.values())
    outcome = train(own, ForestParams(n_estimators=30)).outcome
    assert f"compared with version {without}: val_f1" in outcome.verdict.reason
    assert outcome.verdict.numbers["rows"] == prepared.rows["val"]
    version = client(own).get_model_version(name, outcome.version)
    tags = [client(own).get_model_version(name, one).tags["history"] for one in (without, outcome.version)]
    assert tags == ["off", "on"]
    scorer = version_model(own, registered(version)).scorer()
    assert scorer.config.fields == [*NUMBERS, *HISTORY_NUMBERS, *CATEGORIES, *HISTORY_CATEGORIES]
    card = Card.model_validate_json(scorer.card["json"])
    assert card.made_of["history"] == "on" and card.params["prepare.history"] == "True"
    assert set(HISTORY_NUMBERS) < set(card.importance) and "previous_readmitted" in card.missing


@pytest.mark.parametrize(
    ("champion", "candidate", "other"),
    [("off", "off", None), ("on", "off", "version 1"), ("off", "on", "the prepared set")],
)
def test_rows_without_history_are_no_measure_of_a_version_that_uses_it(
    settings: Settings, register: Register, ranked: list[int], champion: str, candidate: str, other: str | None
) -> None:
    promote(settings, settings.model_name, register(ranked[0], history=champion), "a start")
    verdict = promote_if_better(settings, settings.model_name, register(ranked[-1], history=candidate))
    told = f"not comparable with {other}: it uses history, and the prepared set was made without" in verdict.reason
    assert told == (other is not None) == (not verdict.promoted)
