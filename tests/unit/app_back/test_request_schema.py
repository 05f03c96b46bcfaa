"""The published schema, what is accepted and what the model takes are one thing, whatever is sent."""

import json
import math
import re
import unicodedata
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import assume, example, given, settings
from pydantic import ValidationError

from app_back.main import create_app
from app_back.request_model import ORIGINAL_EXAMPLE, RICH_EXAMPLE, PredictionRequest
from connections.settings import Settings
from readmission.features import BY_NAME, FIELDS, Field, FieldError, complete_request, essence, model_row
from readmission.inference import Scorer
from readmission.model import serving_files
from readmission.model.forest import inputs, make_pipeline
from readmission.params import ForestParams
from tests.signed import load_signed
from tests.unit.app_back.bodies import BODIES, CODED, value
from tests.unit.prepared import prepared_rows

PUBLISHED = json.loads(json.dumps(create_app(Settings()).openapi()))["components"]["schemas"]["PredictionRequest"]
SCHEMA = jsonschema_rs.Draft202012Validator(PUBLISHED)
DIAGNOSES = [field.name for field in FIELDS if field.kind == "icd9"]


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    folder: Path = tmp_path_factory.mktemp("served")
    rows = prepared_rows(300, seed=1)
    pipeline = make_pipeline(ForestParams(n_estimators=20, min_samples_leaf=10), 1)
    pipeline.fit(inputs(rows), rows["target"])
    serving_files.write(pipeline, folder, prepared_rows(100, seed=2), dataset="synthetic", target="lt30")
    return load_signed(folder)


def completed(body: dict[str, Any]) -> dict[str, Any] | None:
    """The whole request that is made of a body; None when it is refused."""
    try:
        return dict(complete_request(PredictionRequest.model_validate(body).sent()))
    except (ValidationError, FieldError):
        return None


def is_beyond_the_schema(body: dict[str, Any]) -> bool:
    """Whether a diagnosis is written in one of the two ways that the schema leaves out."""
    texts = [text for name in DIAGNOSES if isinstance(text := body.get(name), str)]
    return any(re.search("[\uff01-\uff5e]", text) or not essence(text).isascii() or _folds(text) for text in texts)


def _folds(text: str) -> bool:
    """Whether letters beyond ASCII become ASCII ones when they are compared, as the long s does."""
    return any(not one.isascii() and one.isalpha() for one in text)


def is_json(body: dict[str, Any]) -> bool:
    """Whether JSON has the body: neither endless numbers nor halves of characters."""
    try:
        json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
    except ValueError:
        return False
    return True


@settings(max_examples=500)
@given(BODIES)
@example({"discharge_code": 6.0, "diag_1": 250.83, "diag_2": 428, "diag_3": 1.0})
@example({"diag_1": 0.5, "age": 65.0})
@example({"diag_1": "25²"})
@example({"payer_code": "7℃"})
@example({"diag_1": "℃"})
@example({"diag_1": "N\u0301A"})
@example({"diag_1": "\u0301"})
def test_what_the_schema_allows_is_what_is_accepted(body: dict[str, Any]) -> None:
    assume(is_json(body) and not is_beyond_the_schema(body))
    assert SCHEMA.is_valid(body) == (completed(body) is not None)


@settings(max_examples=300)
@given(CODED)
@example({"discharge_code": 18, "discharge_disposition_id": "missing"})
@example({"discharge_code": 18, "discharge_disposition_id": "Otro"})
def test_the_schema_knows_which_group_goes_with_which_code(body: dict[str, Any]) -> None:
    assert SCHEMA.is_valid(body) == (completed(body) is not None)


@settings(max_examples=150)
@given((BODIES | CODED).filter(completed))
def test_what_is_accepted_can_be_scored(scorer: Scorer, body: dict[str, Any]) -> None:
    whole = completed(body)
    assert whole is not None
    (probability,) = scorer.probabilities([model_row(whole)])
    assert math.isfinite(probability) and 0 <= probability <= 1
    assert scorer.of_matrix(scorer.encoding.of_requests([whole])).tolist() == [probability]
    assert msgspec.json.decode(msgspec.json.encode(whole)) == whole


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_what_a_field_refuses_the_request_refuses(field: Field) -> None:
    @settings(max_examples=60)
    @given(value(field))
    def refused_by_both(sent: Any) -> None:
        try:
            field.model_value(sent)
        except (FieldError, TypeError, AttributeError):
            assert completed({field.name: sent}) is None

    refused_by_both()


@pytest.mark.parametrize("field", [DIAGNOSES[0], "payer_code", "encounter_ref"])
def test_the_schema_and_the_service_agree_on_every_character(field: str) -> None:
    """Of the first plane, but for what this Python's Unicode does not know yet and what is beyond the schema."""
    known = (one for one in map(chr, range(0x10000)) if unicodedata.category(one) not in ("Cn", "Cs"))
    texts = [{field: one} for one in known]
    differ = [body[field] for body in texts if SCHEMA.is_valid(body) != (completed(body) is not None)]
    assert all(is_beyond_the_schema({"diag_1": text}) for text in differ)
    assert (len(differ) < 30) if BY_NAME[field].kind == "icd9" else not differ


def test_the_documented_examples_are_valid_and_an_unknown_field_is_not() -> None:
    assert SCHEMA.is_valid(ORIGINAL_EXAMPLE) and SCHEMA.is_valid(RICH_EXAMPLE) and SCHEMA.is_valid({})
    assert not SCHEMA.is_valid({"peso": 80})


@pytest.mark.parametrize("code", [11, "11", 13, 14, 19, 20, 21, "21"])
def test_the_schema_has_no_code_of_death_or_hospice(code: int | str) -> None:
    assert not SCHEMA.is_valid({"discharge_code": code})
    assert SCHEMA.is_valid({"admission_source_code": code})
