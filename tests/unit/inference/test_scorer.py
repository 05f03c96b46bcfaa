"""Scoring one request: the matrix, the refusals, and what inference may not import."""

import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from readmission.features import BY_NAME, CATEGORIES, DIAGNOSES, NUMBERS, FieldError, complete_request, model_row
from readmission.inference import Scorer
from readmission.model import serving_files
from readmission.model.forest import inputs, positive
from tests.conftest import ROOT
from tests.signed import load_signed
from tests.unit.prepared import fitted_pipeline, prepared_rows


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return fitted_pipeline()


@pytest.fixture(scope="module")
def scorer(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    folder = tmp_path_factory.mktemp("served")
    serving_files.write(pipeline, folder, prepared_rows(100, seed=4), dataset="synthetic", target="lt30")
    return load_signed(folder)


def test_a_probability_decides_from_the_threshold_on(scorer: Scorer) -> None:
    threshold = scorer.config.threshold
    assert [scorer.decide(p) for p in (0, math.nextafter(threshold, 0), threshold, 1)] == [0, 0, 1, 1]


def test_the_matrix_is_what_the_pipelines_own_preprocessing_gives(scorer: Scorer, pipeline: Pipeline) -> None:
    rows = inputs(prepared_rows(200, seed=3))
    records = [{str(name): value for name, value in row.items()} for row in rows.to_dict(orient="records")]
    expected = np.asarray(pipeline["columns"].transform(rows), dtype=np.float32)
    assert (scorer.matrix(records) == expected).all()
    kinds = rows[list(DIAGNOSES)].nunique(axis=1).to_numpy()
    assert scorer.matrix(records)[:, len(NUMBERS) :].sum(axis=1) == pytest.approx(len(CATEGORIES) + kinds)


@pytest.mark.parametrize("place", DIAGNOSES)
def test_a_diagnosis_is_found_wherever_it_stands(scorer: Scorer, place: str) -> None:
    groups = BY_NAME[place].vocabulary
    last = scorer.matrix([model_row(complete_request({place: "428", "diag_2": "401"} | {place: "428"}))])[0]
    anywhere = dict(zip(groups, last[-len(groups) :], strict=True))
    assert anywhere["heart_failure"] == anywhere["missing"] == 1
    assert sum(anywhere.values()) == (2 if place == "diag_2" else 3)


def test_a_request_scores_as_its_row_in_the_pipeline(scorer: Scorer, pipeline: Pipeline) -> None:
    request = complete_request({"age": 71, "discharge_code": "22", "diag_1": "250.83", "insulin": "Up"})
    row = pd.DataFrame([model_row(request)])
    assert scorer.score(request) == pytest.approx(positive(pipeline, row)[0], abs=1e-6)


def test_a_category_that_the_model_never_met_is_all_zeros(scorer: Scorer) -> None:
    row = model_row(complete_request({}))
    hot = scorer.matrix([row, {**row, "gender": "other"}])[:, len(NUMBERS) :].sum(axis=1)
    assert hot[0] - hot[1] == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "many", 65.5, None])
def test_a_number_that_is_none_is_refused(scorer: Scorer, value: str | float | None) -> None:
    with pytest.raises(FieldError, match="age"):
        scorer.score(complete_request({"age": value}))


def test_a_category_outside_the_contract_is_refused(scorer: Scorer) -> None:
    with pytest.raises(FieldError, match="A1Cresult: a value is not allowed"):
        scorer.score(complete_request({"A1Cresult": "nan"}))


@pytest.mark.parametrize("name", ["race", "examide", "citoglipton", "encounter_ref"])
def test_what_is_no_input_changes_no_answer(scorer: Scorer, name: str) -> None:
    values = BY_NAME[name].vocabulary or ("ward-7/2291", None)
    assert len({scorer.score(complete_request({name: value})) for value in values}) == 1


def test_threads_get_the_same_answers(scorer: Scorer) -> None:
    requests = [
        complete_request({"age": age, "number_inpatient": age % 7, "diag_1": str(400 + age)}) for age in range(20, 90)
    ]
    alone = [scorer.score(request) for request in requests]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(scorer.score, requests)) == alone
    assert len(set(alone)) > 3


def test_inference_needs_neither_pandas_nor_scikit_learn() -> None:
    code = (
        "import sys, readmission.inference; "
        "print({'pandas', 'sklearn', 'polars', 'scipy', 'mlflow', 'skl2onnx'} & sys.modules.keys())"
    )
    root = ROOT
    told = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"
