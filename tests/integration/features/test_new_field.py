"""A field is added where it is declared and nowhere else: to a copy of the sources, which then has it everywhere."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from readmission.features import BY_NAME, CATEGORIES, DIAGNOSES, NUMBERS
from tests.conftest import ROOT

PACKAGES = ("app_back", "app_front", "connections", "readmission")
# Of each file: the line that comes next, and what is declared before it.
DECLARATIONS = {
    "source_columns.py": (
        "    _closed(TARGET_COLUMN,",
        '    _integer("number_transfers", 0, 12),\n    _closed("smoker", "Never", "Former", "Current", "?"),\n',
    ),
    "contract.py": (
        '    Field(name="encounter_ref"',
        '    _count("number_transfers", 1),\n'
        '    Field(name="smoker", kind="category", source="smoker", missing=MISSING, optional=True),\n',
    ),
    "labels.py": (
        '    "encounter_ref": _texts(',
        '    "number_transfers": _texts("Traslados", "Transfers", "Entre salas.", "Between wards."),\n'
        '    "smoker": _texts("Tabaquismo", "Smoking", "Si fuma.", "Whether the patient smokes."),\n',
    ),
}
SMOKER = ["Never", "Former", "Current", "missing"]

# The way of a CSV row, from the file to the answer, and what each place says of the two fields.
PROBE = """
import json, sys
from pathlib import Path

import polars as pl
from onnxruntime import InferenceSession
from sqlalchemy import MetaData
from streamlit.testing.v1 import AppTest

import readmission
from app_back.main import create_app
from readmission import synthetic
from readmission.clean.cleaning import clean
from readmission.dataset.csv_check import check_file
from readmission.features import complete_request
from readmission.inference import Scorer, read_folder
from readmission.model import serving_files
from readmission.model.forest import inputs, make_pipeline
from readmission.params import ForestParams
from readmission.storage.contract_tables import initial_data_table, prepared_table

csv, served = Path("encounters.csv"), Path("served")
served.mkdir()
synthetic.write(csv, 1_000, 1)
check_file(csv)
rows = clean(pl.scan_csv(csv, infer_schema=False), "any").collect().to_pandas()
pipeline = make_pipeline(ForestParams(n_estimators=60), jobs=1).fit(inputs(rows), rows["target"])
forest, config, *_ = serving_files.write(pipeline, served, rows, dataset="synthetic", target="any")
answers = [Scorer.unproven(read_folder(served)).score(complete_request(sent)) for sent in ({}, {"smoker": "Current"})]
form = AppTest.from_file("app_front/app.py", default_timeout=60).run()
number, choice = form.text_input(key="number_transfers:es"), form.selectbox(key="smoker:es")
print(json.dumps({
    "copy": readmission.__file__,
    "raw": {column.name: str(column.type) for column in initial_data_table(MetaData()).columns},
    "prepared": {column.name: str(column.type) for column in prepared_table(MetaData(), "t", "train").columns},
    "cleaned": {name: sorted(set(map(str, rows[name]))) for name in ("number_transfers", "smoker")},
    "request": create_app().openapi()["components"]["schemas"]["PredictionRequest"]["properties"],
    "form": [[number.label, number.placeholder, number.value], [choice.label, choice.options, choice.value]],
    "served": json.loads(config.read_text()),
    "width": InferenceSession(forest).get_inputs()[0].shape[1],
    "answers": answers,
}), file=open(sys.argv[1], "w"))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources with two more fields: a number that is always sent, and an optional category."""
    folder = tmp_path_factory.mktemp("sources")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name, (following, declared) in DECLARATIONS.items():
        path = folder / "readmission/features" / name
        text = path.read_text(encoding="utf-8")
        assert text.count(following) == 1, f"where in {name} does a new field go?"
        path.write_text(text.replace(following, declared + following), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def found(copy: Path) -> dict[str, Any]:
    """What each place of the copy says of the new fields."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(copy),
        "API_URL": "http://127.0.0.1:9",
        "FORM_AUTH": "off",
    }
    command = [sys.executable, "-c", PROBE, "found.json"]
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3_000:]
    answer: dict[str, Any] = json.loads((copy / "found.json").read_text())
    assert Path(answer["copy"]).is_relative_to(copy)
    return answer


def test_the_tables_have_a_column_for_it(found: dict[str, Any]) -> None:
    assert (found["raw"]["number_transfers"], found["raw"]["smoker"]) == ("INTEGER", "VARCHAR(64)")
    assert (found["prepared"]["number_transfers"], found["prepared"]["smoker"]) == ("DOUBLE", "VARCHAR(64)")


def test_a_csv_with_it_is_checked_and_cleaned(found: dict[str, Any]) -> None:
    assert set(found["cleaned"]["number_transfers"]) == {f"{count}.0" for count in range(13)}
    assert set(found["cleaned"]["smoker"]) == set(SMOKER)


def test_a_request_may_hold_it(found: dict[str, Any]) -> None:
    number, choice = found["request"]["number_transfers"], found["request"]["smoker"]
    assert (number["minimum"], number["maximum"], number["default"]) == (0, 12, 1)
    assert choice["title"] == "Smoking"
    assert choice["anyOf"][0]["enum"] == [*SMOKER, ""]


def test_the_form_asks_for_it(found: dict[str, Any]) -> None:
    assert found["form"] == [["Traslados", "0-12", "1"], ["Tabaquismo", SMOKER[:-1], None]]


def test_the_served_files_use_it(found: dict[str, Any]) -> None:
    assert [number["name"] for number in found["served"]["numbers"]] == [*NUMBERS, "number_transfers"]
    assert list(found["served"]["categories"]) == [*CATEGORIES, "smoker"]
    assert found["served"]["categories"]["smoker"] == SMOKER
    before = len(NUMBERS) + sum(len(BY_NAME[name].vocabulary) for name in (*CATEGORIES, DIAGNOSES[0]))
    assert found["width"] == before + 1 + len(SMOKER)
    assert all(0 < answer < 1 for answer in found["answers"])
