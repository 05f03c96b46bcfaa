"""A prediction's shape: declared as a table, as what the migration creates, and as one model, which agree."""

import json
import re
from datetime import datetime
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import inspect

from app_back.log.row import COLUMNS
from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import predictions
from readmission.prediction import LABELS, LoggedPrediction, PredictionResponse
from readmission.storage.databases import initialise
from tests.conftest import ROOT

ROW: dict[str, Any] = {
    "prediction_id": "p1",
    "created_at": datetime(2026, 1, 2, 3, 4, 5, 678901),
    "encounter_ref": None,
    "inputs": {"age": 65, "insulin": "Up", "diag_1": None},
    "prediction": 1,
    "probability": 0.25,
    "threshold": 0.125,
    "model_name": "m",
    "model_version": "1",
    "dataset": "real",
    "request_id": None,
    "shadow_version": "2",
    "shadow_probability": 0.375,
    "shadow_threshold": 0.25,
}
# How a class, a table in Python and one in SQL declare a column.
DECLARES = re.compile(r'^\s+model_version(: | VARCHAR)|Column\("model_version"', re.MULTILINE)


def test_the_row_is_declared_four_times_and_two_more_answers_name_the_version() -> None:
    folders = ("app_back", "app_front", "compose", "connections", "dags", "readmission", "scripts")
    files = [path for folder in folders for kind in ("*.py", "*.sql") for path in (ROOT / folder).rglob(kind)]
    assert {str(path.relative_to(ROOT)) for path in files if DECLARES.search(path.read_text(encoding="utf-8"))} == {
        "app_back/log/row.py",
        "app_back/schemas.py",
        "connections/tables.py",
        "readmission/prediction.py",
        "readmission/scoring/results.py",
        "readmission/storage/migrations/raw_data/0001_predictions.sql",
    }


def test_the_model_the_table_and_the_migrated_table_have_the_same_columns(settings: Settings) -> None:
    initialise(settings)
    told = list(LoggedPrediction.model_json_schema(mode="serialization")["properties"])
    assert told == list(COLUMNS)
    assert told == predictions.columns.keys()
    migrated = inspect(engine_for(settings, "RAW_DATA")).get_columns("predictions")
    assert told == [column["name"] for column in migrated]


@pytest.mark.parametrize("column", predictions.columns, ids=lambda column: column.name)
def test_a_field_may_be_blank_where_its_column_may(column: Any) -> None:
    if column.nullable:
        assert getattr(LoggedPrediction.model_validate(ROW | {column.name: None}), column.name) is None
    else:
        with pytest.raises(ValidationError):
            LoggedPrediction.model_validate(ROW | {column.name: None})


def test_what_is_inserted_is_the_row_as_it_came() -> None:
    inserted = LoggedPrediction.model_validate(ROW).model_dump()
    assert inserted == ROW
    assert repr(inserted["inputs"]) == repr(ROW["inputs"]), "a whole number stays one"


def test_what_is_listed_says_the_zone_and_floats_and_no_label() -> None:
    listed = json.loads(LoggedPrediction.model_validate(ROW).model_dump_json())
    assert list(listed) == list(ROW)
    assert listed["created_at"] == "2026-01-02T03:04:05.678901Z"
    assert repr(listed["inputs"]) == "{'age': 65.0, 'insulin': 'Up', 'diag_1': None}"


@pytest.mark.parametrize("prediction", [0, 1])
def test_the_label_follows_from_the_row(prediction: int) -> None:
    assert LoggedPrediction.model_validate(ROW | {"prediction": prediction}).label == LABELS[prediction]


def test_an_answer_without_its_label_is_none() -> None:
    with pytest.raises(ValidationError, match="label"):
        PredictionResponse.model_validate(ROW)
