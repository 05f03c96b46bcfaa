"""What may be chosen, and what is refused."""

import pytest
from pydantic import BaseModel, ValidationError

from readmission.errors import ParamsError
from readmission.params import ForestParams, PrepareParams, TrainParams, checked


def test_the_defaults() -> None:
    assert PrepareParams().model_dump() == {
        "target": "lt30",
        "seed": 42,
        "batch_size": 15_000,
        "train_percent": 80,
        "val_percent": 10,
        "test_percent": 10,
        "history": False,
    }
    assert ForestParams().model_dump() == {
        "n_estimators": 100,
        "min_samples_leaf": 20,
        "max_features": 0.08,
        "max_depth": None,
        "random_state": 42,
    }


@pytest.mark.parametrize(
    ("model", "chosen", "complaint"),
    [
        (PrepareParams, {"train_percent": 70}, "= 70 \\+ 10 \\+ 10 = 90: they must add up to 100"),
        (PrepareParams, {"target": "lt90"}, "lt30"),
        (PrepareParams, {"seed": -1}, "greater than or equal to 0"),
        (PrepareParams, {"batch_size": 499}, "greater than or equal to 500"),
        (PrepareParams, {"batch": 1}, "Extra inputs are not permitted"),
        (ForestParams, {"n_estimators": 9}, "greater than or equal to 10"),
        (ForestParams, {"max_features": 0}, "greater than 0"),
        (ForestParams, {"max_features": 1.1}, "less than or equal to 1"),
        (TrainParams, {"force_promote": "no"}, "at least 3 characters"),
        (TrainParams, {"force_promote": "    "}, "should match pattern"),
        (ForestParams, {"class_weight": "balanced"}, "Extra inputs are not permitted"),
    ],
)
def test_what_makes_no_sense_is_refused(model: type[BaseModel], chosen: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        model(**chosen)


def test_one_line_names_every_wrong_param_its_value_and_what_is_allowed() -> None:
    with pytest.raises(ParamsError) as refused:
        checked(PrepareParams, {"batch_size": 10, "train_percent": 70, "target": "lt90", "sead": 1})
    assert "\n" not in str(refused.value)
    assert str(refused.value).split("; ") == [
        "target='lt90': input should be 'lt30' or 'any'",
        "batch_size=10: input should be greater than or equal to 500",
        "sead=1: there is no such param, only target, seed, batch_size, train_percent, val_percent, test_percent, "
        "history",
        "train_percent + val_percent + test_percent = 70 + 10 + 10 = 90: they must add up to 100",
    ]


def test_shares_that_do_not_add_up_are_told_once() -> None:
    with pytest.raises(ParamsError) as refused:
        checked(PrepareParams, {"train_percent": 70})
    told = "train_percent + val_percent + test_percent = 70 + 10 + 10 = 90: they must add up to 100"
    assert str(refused.value) == told


def test_what_is_allowed_is_taken() -> None:
    assert checked(ForestParams, {"max_depth": 7}) == ForestParams(max_depth=7)
    assert checked(PrepareParams, {"train_percent": 60, "val_percent": 30}).val_percent == 30


def test_a_reason_to_promote_is_none_of_what_decides_the_model() -> None:
    assert TrainParams().model_dump() == ForestParams().model_dump() | {"force_promote": None}
    assert TrainParams(max_depth=7, force_promote="the ward needs it").forest == ForestParams(max_depth=7)


def test_the_split_key_tells_apart_what_must_not_be_compared() -> None:
    same = {PrepareParams().split_key, PrepareParams(target="any", batch_size=500).split_key}
    assert same == {"seed=42 80/10/10"}
    assert PrepareParams(seed=1).split_key not in same
    assert PrepareParams(train_percent=70, val_percent=20).split_key not in same
