"""No skew: one answer to the same encounter from the training, from the registry and over HTTP.

The requests are made from the CSV's own texts, by rules that are written out here and not taken from the platform.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from connections.model_registry import production_version
from connections.settings import Settings
from readmission.clean import prepare, prepared_sets
from readmission.clean.cleaning import clean
from readmission.features import CATEGORIES
from readmission.model.forest import inputs, make_pipeline, positive
from readmission.model.vote import vote_of
from readmission.params import ForestParams, PrepareParams
from readmission.raw import ingest
from readmission.registry.batch_models import ALL_BATCHES
from readmission.registry.signed_models import version_model
from readmission.storage.databases import initialise
from readmission.training.batches import begin, train_batch
from readmission.training.selection import select
from tests.free_ports import free_offset
from tests.integration.app_back.servers import running_api, wait_for
from tests.integration.pipeline import FOREST, Trained, copied, own_pipeline

pytestmark = pytest.mark.slow

ROWS = 1_000
TOLERANCE = 1e-6

TYPES = {"1": "Emergencia", "2": "Emergencia", "3": "Electiva", "4": "Recién Nacido", "7": "Centro de Trauma"}
HOME, UNKNOWN_DISCHARGE = {"1", "6", "8"}, {"18", "25", "26"}
SOURCES = {"1": "Referencia", "2": "Referencia", "3": "Referencia", "7": "Emergencia"}
UNKNOWN_SOURCE = {"9", "15", "17", "20", "21"}
NUMBERS = (
    "time_in_hospital", "num_lab_procedures", "num_procedures", "num_medications", "number_outpatient",
    "number_emergency", "number_inpatient", "number_diagnoses",
)  # fmt: skip
AS_THEY_ARE = ("gender", "max_glu_serum", "A1Cresult", "change", "diabetesMed")
UNLESS_UNKNOWN = ("race", "payer_code", "medical_specialty", "diag_1", "diag_2", "diag_3")
MEDICATIONS = (
    "metformin", "repaglinide", "nateglinide", "chlorpropamide", "glimepiride", "acetohexamide", "glipizide",
    "glyburide", "tolbutamide", "pioglitazone", "rosiglitazone", "acarbose", "miglitol", "troglitazone",
    "tolazamide", "examide", "citoglipton", "insulin", "glyburide-metformin", "glipizide-metformin",
    "glimepiride-pioglitazone", "metformin-rosiglitazone", "metformin-pioglitazone",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A version in production, the pipeline that it was learned as, and a CSV of encounters."""

    settings: Settings
    learned: Pipeline
    csv: Path


@pytest.fixture(scope="module", params=["real", "synthetic"])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """One batch of 15,000 of the real data at the defaults; and the small pipeline on synthetic data."""
    folder = tmp_path_factory.mktemp("skew")
    if request.param == "synthetic":
        return _synthetic(request.getfixturevalue("trained"), folder)
    return _real(request.getfixturevalue("stores"), request.getfixturevalue("real_csv"), folder)


def _real(stores: Settings, csv: Path, folder: Path) -> Case:
    settings = own_pipeline(stores, folder, "skew")
    initialise(settings)
    ingest.load(settings, csv)
    prepare.prepare(settings, PrepareParams())
    plan = begin(settings, ForestParams())
    train_batch(settings, plan, 1)
    assert select(settings, plan).verdict.promoted
    return Case(settings, _learned(settings, "1", plan.params), csv)


def _synthetic(trained: Trained, folder: Path) -> Case:
    own = {"model_name": trained.settings.model_name}
    settings = copied(trained.settings, folder, "skew").model_copy(update=own)
    return Case(settings, _learned(settings, trained.outcome.batch, FOREST), trained.settings.dataset_path)


def _learned(settings: Settings, batch: str, params: ForestParams) -> Pipeline:
    """The pipeline as it is in a training's memory, never written to a file."""
    all_batches = list(prepared_sets.current(settings).batches)
    batches = all_batches if batch == ALL_BATCHES else [int(batch)]
    rows = [prepared_sets.read_split(settings, "train", number) for number in batches]
    pipelines = [make_pipeline(params, jobs=1).fit(inputs(each), each["target"]) for each in rows]
    return vote_of(pipelines, rows) if len(pipelines) > 1 else pipelines[0]


@dataclass(frozen=True)
class Encounters:
    """The same encounters as the CSV has them and as the pipeline is given them."""

    raw: list[dict[str, str]]
    cleaned: pd.DataFrame


@pytest.fixture(scope="module")
def encounters(case: Case) -> Encounters:
    """1,000 encounters, among them each category of each model field that occurs."""
    raw = pl.read_csv(case.csv, infer_schema=False)
    cleaned = clean(raw.lazy(), "lt30").collect().with_row_index("place")
    firsts = [cleaned.unique(name, keep="first", maintain_order=True)["place"] for name in CATEGORIES]
    spread = cleaned["place"].gather_every(cleaned.height // ROWS)
    chosen = pl.concat([*firsts, spread]).unique(maintain_order=True).head(ROWS)
    rows = cleaned[chosen.to_list()]
    texts = rows.select(pl.col("encounter_id").cast(pl.String)).join(raw, on="encounter_id", maintain_order="left")
    return Encounters(texts.to_dicts(), rows.to_pandas())


@pytest.fixture(scope="module")
def answers(case: Case, encounters: Encounters) -> Iterator[pd.DataFrame]:
    """What the service answers over HTTP, a row an encounter."""
    settings = case.settings.model_copy(update={"model_poll_seconds": 0.3})
    settings = settings.model_copy(update={"port_offset": free_offset(settings)})
    with running_api(settings) as http:
        wait_for(lambda: http.get("/health/ready").status_code == 200)
        posted = [http.post("/predict", json=request(row, place)) for place, row in enumerate(encounters.raw)]
        refused = [answer.text for answer in posted if answer.status_code != 200]
        assert refused == []
        yield pd.DataFrame([answer.json() for answer in posted])


def request(row: Mapping[str, str], place: int) -> dict[str, object]:
    """The request for an encounter; every other one leaves the admission groups to follow from the raw codes."""
    body: dict[str, object] = {name: int(row[name]) for name in NUMBERS}
    body["age"] = int(row["age"].strip("[)").split("-")[0]) + 5
    body |= {name: row[name] for name in AS_THEY_ARE}
    body |= {name: None if row[name] == "?" else row[name] for name in UNLESS_UNKNOWN}
    body |= {name.replace("-", "_"): row[name] for name in MEDICATIONS}
    body |= {"discharge_code": row["discharge_disposition_id"], "encounter_ref": row["encounter_id"]}
    body |= {f"{name}_code": int(row[f"{name}_id"]) for name in ("admission_type", "admission_source")}
    return body | (groups(row) if place % 2 else {})


def groups(row: Mapping[str, str]) -> dict[str, str | None]:
    """The Spanish labels of the admission codes; None where the code says that it is not known."""
    leaving, source = row["discharge_disposition_id"], row["admission_source_id"]
    home = "Alta a casa" if leaving in HOME else "Otro"
    return {
        "admission_type_id": TYPES.get(row["admission_type_id"]),
        "discharge_disposition_id": None if leaving in UNKNOWN_DISCHARGE else home,
        "admission_source_id": None if source in UNKNOWN_SOURCE else SOURCES.get(source, "Otro"),
    }


@pytest.fixture(scope="module")
def learned(case: Case, encounters: Encounters) -> NDArray[np.float64]:
    return positive(case.learned, encounters.cleaned)


def test_the_encounters_span_what_the_model_can_meet(case: Case, encounters: Encounters) -> None:
    assert len(encounters.raw) == len(encounters.cleaned) == ROWS
    whole = clean(pl.read_csv(case.csv, infer_schema=False).lazy(), "lt30").collect()
    for name in CATEGORIES:
        assert set(encounters.cleaned[name]) == set(whole[name])
    for name in ("max_glu_serum", "A1Cresult"):
        assert (encounters.cleaned[name] == "None").sum() > 100
    assert {"missing"} < set(encounters.cleaned["diag_3"])
    assert sum("?" in row.values() for row in encounters.raw) > 100


def test_the_registered_version_answers_as_it_was_learned(
    case: Case, encounters: Encounters, learned: NDArray[np.float64]
) -> None:
    version = production_version(case.settings)
    assert version is not None
    loaded = version_model(case.settings, version).pipeline()
    assert np.abs(positive(loaded, encounters.cleaned) - learned).max() <= TOLERANCE
    rows = inputs(encounters.cleaned)
    assert (loaded.predict(rows) == case.learned.predict(rows)).all()


def test_the_service_answers_as_the_model_was_learned(
    case: Case, encounters: Encounters, learned: NDArray[np.float64], answers: pd.DataFrame
) -> None:
    difference = np.abs(answers["probability"].to_numpy() - learned)
    assert len(difference) == ROWS
    assert difference.max() <= TOLERANCE
    assert (answers["prediction"] == case.learned.predict(inputs(encounters.cleaned))).all()
    assert set(answers["prediction"]) == {0, 1}
    assert len(set(answers["probability"])) > ROWS / 2


def test_each_answer_is_by_the_version_in_production_and_logged(case: Case, answers: pd.DataFrame) -> None:
    version = production_version(case.settings)
    assert version is not None
    assert set(zip(answers["model_name"], answers["model_version"], strict=True)) == {(version.name, version.version)}
    assert answers["prediction_id"].nunique() == ROWS
