"""Made-up encounters can be learned from."""

from pathlib import Path

import polars as pl
from sklearn.metrics import roc_auc_score

from readmission import synthetic
from readmission.clean.cleaning import clean
from readmission.clean.splitting import with_split
from readmission.model.forest import make_pipeline, positive
from readmission.params import ForestParams, PrepareParams


def test_a_forest_learns_as_much_as_from_the_real_data(tmp_path: Path) -> None:
    synthetic.write(tmp_path / "synthetic.csv", 30_000, seed=42)
    encounters = pl.read_csv(tmp_path / "synthetic.csv", infer_schema=False)
    split = with_split(clean(encounters.lazy(), "lt30").collect(), PrepareParams()).sort("encounter_id")
    train, test = (split.filter(pl.col("split") == part).to_pandas() for part in ("train", "test"))
    pipeline = make_pipeline(ForestParams(), jobs=1).fit(train, train["target"])
    assert 0.62 <= roc_auc_score(test["target"], positive(pipeline, test)) <= 0.70
