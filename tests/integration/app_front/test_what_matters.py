"""The form asks for what the model depends on most, measured on the real data."""

from pathlib import Path

import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from app_front.checks import REQUIRED
from readmission.clean.cleaning import clean
from readmission.features import BY_NAME, MODEL_FIELDS, ORIGINAL_FIELDS
from readmission.model.forest import inputs, make_pipeline
from readmission.params import ForestParams

pytestmark = pytest.mark.slow

ROWS = 12_000


@pytest.mark.real_data
def test_the_fields_whose_defaults_cost_most_must_be_chosen(real_csv: Path) -> None:
    """ROC-AUC lost on other patients' rows, by an encounter of the original fields with one of them at its default."""
    rows = clean(pl.scan_csv(real_csv, infer_schema=False), "lt30").collect().to_pandas()
    seen = rows[rows["patient_nbr"] % 10 < 8].sample(ROWS, random_state=1)
    asked = rows[rows["patient_nbr"] % 10 == 9].assign(
        **{f.name: f.model_value(None) for f in MODEL_FIELDS if f.optional}
    )
    forest = make_pipeline(ForestParams(), jobs=2).fit(inputs(seen), seen["target"])

    def quality(**defaults: str | float) -> float:
        return float(roc_auc_score(asked["target"], forest.predict_proba(inputs(asked.assign(**defaults)))[:, 1]))

    whole = quality()
    lost = {}
    for field in (field for field in ORIGINAL_FIELDS if field.model):
        assert field.default is not None
        default = float(field.default) if BY_NAME[field.name].kind == "number" else str(field.default)
        lost[field.name] = whole - quality(**{field.name: default})
    ranked = sorted(lost, key=lambda name: lost[name], reverse=True)
    assert set(ranked[:3]) <= set(REQUIRED), lost
    assert set(ranked[:2]) == {"number_inpatient", "discharge_disposition_id"}
    assert all(lost[name] < 0.005 for name in lost if name not in REQUIRED), lost
