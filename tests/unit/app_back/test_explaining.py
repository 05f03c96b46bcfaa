"""What waits to be explained has a limit, and what-ifs are of what a ward still decides."""

import asyncio

import pytest

from app_back.errors import BusyError
from app_back.explaining.asked import Asked
from app_back.explaining.explaining import Explaining
from app_back.explaining.what_if import changes
from app_back.log.prediction_log import PredictionLog
from app_back.metrics import Metrics
from app_back.models.model_holder import ModelHolder
from app_back.models.shadow_holder import ShadowHolder
from app_back.predicting.shadow import Shadow
from connections.settings import Settings
from readmission.features import BY_NAME, FIELDS, Value, complete_request


def changed(name: str, **sent: Value) -> list[str]:
    return [each.category for each in changes(BY_NAME[name], complete_request(sent))]


def test_as_many_wait_as_may() -> None:
    settings, metrics = Settings(), Metrics()
    models = ModelHolder(settings)
    shadow = Shadow(ShadowHolder(settings, models), metrics)
    explaining = Explaining(models, shadow, PredictionLog(settings), metrics, limit=0)
    with pytest.raises(BusyError):
        asyncio.run(explaining.what_if(complete_request({}), Asked()))
    explaining.stop()


def test_each_other_value_is_asked_and_blank_is_none() -> None:
    assert changed("insulin") == ["No", "Steady", "Up", "Down"]
    assert changed("insulin", insulin="Up") == ["No", "Steady", "Down"]
    assert changed("discharge_disposition_id") == ["Otro"]


def test_a_raw_code_changes_in_the_place_of_its_group_and_brings_that_with_it() -> None:
    sent = complete_request({"discharge_code": "6"})
    assert changed("discharge_code") == [] and changed("discharge_disposition_id", discharge_code="6") == []
    groups = BY_NAME["discharge_disposition_id"].groups or {}
    found = list(changes(BY_NAME["discharge_code"], sent))
    assert {"1", "3"} <= {each.category for each in found} and "6" not in {each.category for each in found}
    for each in found:
        assert complete_request(each.inputs) == each.inputs
        assert each.inputs["discharge_disposition_id"] == groups[each.category]


def test_a_ward_changes_no_count_and_nothing_about_the_patient() -> None:
    changeable = [field for field in FIELDS if field.changeable]
    assert {field.name for field in changeable} > {"change", "insulin"}
    assert all(field.kind == "category" and field.model for field in changeable)
    assert not {"gender", "race", "age"} & {field.name for field in changeable}
