"""Which version serves: each rule of promotion, going back, and two promotions at once."""

from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from connections.model_registry import client
from connections.mysql_connections import database_lock, engine_for
from connections.settings import Settings
from readmission.clean import prepare
from readmission.errors import NothingPreparedError, PromotionError
from readmission.registry import settling
from readmission.registry.judging import Verdict
from readmission.registry.ledger import Entry, entries
from readmission.registry.promotion import promote, promote_if_better
from readmission.storage.databases import initialise
from tests.integration.pipeline import PREPARED, copied
from tests.integration.registry.conftest import Register, in_production
from tests.mlflow_admin import mlflow_admin

pytestmark = pytest.mark.slow


def judged(settings: Settings, version: str) -> Verdict:
    verdict = promote_if_better(settings, settings.model_name, version)
    tags = client(settings).get_model_version(settings.model_name, version).tags
    assert tags["promotion"].split("\n")[0] == str(verdict)
    assert ("promoted_at" in tags) == verdict.promoted
    return verdict


@pytest.mark.parametrize(
    ("changes", "promoted"),
    [
        ({"val_roc_auc": "0.6199"}, False),
        ({"val_roc_auc": "0.62"}, True),
        ({"val_brier": "0.1", "val_base_brier": "0.1"}, False),
        ({"val_brier": "0.0999", "val_base_brier": "0.1"}, True),
    ],
)
def test_the_first_version_must_be_fit(
    settings: Settings, register: Register, changes: dict[str, str], promoted: bool
) -> None:
    version = register(1, **{"val_roc_auc": "0.65", "val_brier": "0.09", "val_base_brier": "0.1", **changes})
    verdict = judged(settings, version)
    assert verdict.promoted == promoted
    assert "the first version: validation ROC-AUC" in verdict.reason
    assert in_production(settings) == (version if promoted else None)


def test_a_version_without_figures_is_left_to_a_person(settings: Settings, register: Register) -> None:
    version = register(1)
    with mlflow_admin(settings) as admin:
        admin.delete_model_version_tag(settings.model_name, version, "val_brier")
    assert "promote it by hand" in judged(settings, version).reason
    assert in_production(settings) is None


def test_a_better_version_replaces_the_one_in_production(
    settings: Settings, register: Register, ranked: list[int], tracking: MlflowClient
) -> None:
    worse, better = register(ranked[0]), register(ranked[-1])
    promote(settings, settings.model_name, worse, "a start")
    verdict = judged(settings, better)
    started, entered = entries(settings, settings.model_name)
    assert (started.action, started.from_version, started.reason) == ("approved", None, "a start")
    assert (entered.action, entered.from_version, entered.to_version) == ("promoted", worse, better)
    assert (entered.reason, entered.numbers) == (verdict.reason, verdict.numbers)
    assert entered.numbers["val_f1"] > entered.numbers["val_f1_in_production"] > 0
    assert verdict.promoted and f"compared with version {worse}: val_f1 " in verdict.reason
    assert entered.numbers["f1_higher"] >= 0.9 and entered.numbers["roc_auc_change_low"] > -0.01
    assert "challenger" not in tracking.get_registered_model(settings.model_name).aliases
    assert in_production(settings) == better
    stages = {v.version: v.current_stage for v in tracking.search_model_versions(f"name = '{settings.model_name}'")}
    assert {str(version): stage for version, stage in stages.items()} == {worse: "Archived", better: "Production"}


@pytest.mark.parametrize("place", [0, -1])
def test_a_worse_or_equal_version_does_not(
    settings: Settings, register: Register, ranked: list[int], place: int
) -> None:
    best, other = register(ranked[-1]), register(ranked[place])
    promote(settings, settings.model_name, best, "a start")
    verdict = judged(settings, other)
    assert not verdict.promoted and "not met: F1 higher with probability 0.90" in verdict.reason
    assert client(settings).get_registered_model(settings.model_name).aliases["challenger"] == other
    assert in_production(settings) == best
    promote(settings, settings.model_name, other, "a person knows better")
    assert in_production(settings) == other
    assert [one.action for one in entries(settings, settings.model_name)] == ["approved", "refused", "approved"]


def test_rows_decide_and_not_what_a_version_once_measured(
    settings: Settings, register: Register, ranked: list[int]
) -> None:
    """A version trained before data was appended was measured on fewer validation rows."""
    best, worst = register(ranked[-1]), register(ranked[0], val_f1="0.99")
    promote(settings, settings.model_name, best, "a start")
    assert not judged(settings, worst).promoted


@pytest.mark.parametrize(
    ("aspect", "value"),
    [("target", "any"), ("split", "seed=1 80/10/10"), ("contract_version", "0")],
)
def test_what_cannot_be_compared_is_said_so(
    settings: Settings, register: Register, ranked: list[int], aspect: str, value: str
) -> None:
    for champion, candidate in (({aspect: value}, {}), ({}, {aspect: value})):
        first = register(ranked[0], **champion)
        promote(settings, settings.model_name, first, "a start")
        verdict = judged(settings, register(ranked[-1], **candidate))
        assert not verdict.promoted
        assert f"not comparable with version {first}: {aspect} is" in verdict.reason and value in verdict.reason
        assert in_production(settings) == first


def test_versions_of_another_split_than_the_rows_at_hand_are_not_compared(
    settings: Settings, register: Register, ranked: list[int], tmp_path: Path
) -> None:
    first, second = register(ranked[0]), register(ranked[-1])
    promote(settings, settings.model_name, first, "a start")
    elsewhere = copied(settings, tmp_path, settings.model_name).model_copy(update={"model_name": settings.model_name})
    prepare.prepare(elsewhere, PREPARED.model_copy(update={"seed": 6}))
    verdict = judged(elsewhere, second)
    assert not verdict.promoted
    assert "not comparable with the prepared set: split is seed=5 60/30/10, there seed=6 60/30/10" in verdict.reason


def test_synthetic_data_never_replaces_real(settings: Settings, register: Register, ranked: list[int]) -> None:
    real, synthetic = register(ranked[0], dataset="real"), register(ranked[-1])
    promote(settings, settings.model_name, real, "a start")
    verdict = judged(settings, synthetic)
    assert verdict == Verdict(False, f"synthetic data never replaces version {real}, trained on real data")
    assert in_production(settings) == real


@pytest.mark.parametrize(("roc_auc", "promoted"), [("0.63", True), ("0.61", False)])
def test_real_data_replaces_synthetic_when_it_is_fit(
    settings: Settings, register: Register, ranked: list[int], roc_auc: str, promoted: bool
) -> None:
    synthetic, real = register(ranked[-1]), register(ranked[1], dataset="real", val_roc_auc=roc_auc)
    promote(settings, settings.model_name, synthetic, "a start")
    verdict = judged(settings, real)
    assert (verdict.promoted, in_production(settings)) == (promoted, real if promoted else synthetic)
    assert f"real data replaces version {synthetic}" in verdict.reason


def test_the_version_in_production_stays_there(settings: Settings, register: Register) -> None:
    version = register(1)
    promote(settings, settings.model_name, version, "a start")
    assert judged(settings, version) == Verdict(True, "already in production")
    assert in_production(settings) == version


def test_a_version_that_does_not_exist_is_said_so(settings: Settings, register: Register) -> None:
    assert register(1) == "1"
    with pytest.raises(PromotionError, match="has no version 99"):
        promote_if_better(settings, settings.model_name, "99")
    with pytest.raises(PromotionError, match="has no version 99"):
        promote(settings, settings.model_name, "99", "by hand")


def test_a_promotion_waits_for_the_one_that_is_running(settings: Settings, register: Register) -> None:
    version = register(1)
    with ThreadPoolExecutor(1) as pool:
        with database_lock(engine_for(settings, "CLEAN_DATA"), settling.LOCK):
            running = pool.submit(promote, settings, settings.model_name, version, "by hand")
            assert not wait([running], timeout=1.5).done
            assert in_production(settings) is None
        assert running.result(timeout=60).promoted
    assert in_production(settings) == version


def verdict_of(entry: Entry, versions: list[str], verdicts: list[Verdict]) -> bool:
    return verdicts[versions.index(str(entry.to_version))].promoted


def test_of_promotions_at_once_the_best_version_ends_in_production(
    settings: Settings, register: Register, ranked: list[int], tracking: MlflowClient
) -> None:
    fit = {"val_roc_auc": "0.65", "val_brier": "0.09", "val_base_brier": "0.1"}
    versions = [register(ranked[0], **fit), register(ranked[0], **fit), register(ranked[-1])]
    with ThreadPoolExecutor(len(versions)) as pool:
        done = [pool.submit(promote_if_better, settings, settings.model_name, version) for version in versions]
        verdicts = [future.result(timeout=120) for future in done]
    assert in_production(settings) == versions[-1]
    assert verdicts[-1].promoted
    for version, verdict in zip(versions, verdicts, strict=True):
        assert tracking.get_model_version(settings.model_name, version).tags["promotion"].split("\n")[0] == str(verdict)
    found = tracking.search_model_versions(f"name = '{settings.model_name}'")
    assert [str(version.version) for version in found if version.current_stage == "Production"] == [versions[-1]]
    entered = entries(settings, settings.model_name)
    assert sorted(str(one.to_version) for one in entered) == sorted(versions)
    assert [one.action == "promoted" for one in entered] == [verdict_of(one, versions, verdicts) for one in entered]
    promoted = [one for one in entered if one.live]
    assert [one.from_version for one in promoted] == [None, *(one.to_version for one in promoted[:-1])]


def test_without_validation_rows_nothing_is_compared(settings: Settings, register: Register, tmp_path: Path) -> None:
    first, second = register(1), register(2)
    promote(settings, settings.model_name, first, "a start")
    elsewhere = settings.model_copy(update={"state_dir": tmp_path})
    initialise(elsewhere)
    with pytest.raises(NothingPreparedError):
        promote_if_better(elsewhere, settings.model_name, second)
    assert in_production(settings) == first
