"""Prepared rows for tests: random over every category of the contract, with a risk that grows with earlier stays."""

from functools import cache

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from readmission.features import BY_NAME, CATEGORIES, NUMBERS
from readmission.model.forest import inputs, make_pipeline
from readmission.params import ForestParams


def prepared_rows(rows: int, seed: int) -> pd.DataFrame:
    """The model's fields and `target` (0/1)."""
    random = np.random.default_rng(seed)
    columns: dict[str, object] = {}
    for name in NUMBERS:
        field = BY_NAME[name]
        assert field.minimum is not None and field.maximum is not None
        columns[name] = random.integers(field.minimum, min(field.maximum, 20), rows, endpoint=True)
    for name in CATEGORIES:
        columns[name] = random.choice(np.array(BY_NAME[name].vocabulary, dtype=object), rows)
    frame = pd.DataFrame(columns)
    risk = 0.05 + 0.03 * frame["number_inpatient"]
    return frame.assign(target=(random.random(rows) < risk).astype(int))


@cache
def fitted_pipeline() -> Pipeline:
    """A small forest of the pipeline's own kind, for who leaves it as it is."""
    rows = prepared_rows(1_500, seed=1)
    return make_pipeline(ForestParams(n_estimators=60, min_samples_leaf=10), 1).fit(inputs(rows), rows["target"])


def every_category() -> pd.DataFrame:
    """Rows among which each field has each of its categories, and each number both ends of its range."""
    base = {name: float(str(BY_NAME[name].default)) for name in NUMBERS}
    base_row = {**base, **{name: BY_NAME[name].vocabulary[0] for name in CATEGORIES}}
    rows = [base_row]
    for name in CATEGORIES:
        rows += [{**base_row, name: value} for value in BY_NAME[name].vocabulary]
    for name in NUMBERS:
        ends = BY_NAME[name].minimum, BY_NAME[name].maximum
        rows += [{**base_row, name: float(str(end))} for end in ends]
    return pd.DataFrame(rows)
