"""How good the model is: `make bench-model` (`ARGS="--seeds 42"` for one split).

Three take about ten minutes, and as long again for what earlier stays add.

The encounters are cleaned, split by patient and cut into batches as the DAGs do, once a split seed. Beside the vote of
the batches' forests stand, on the same test rows: each batch's forest, scikit-learn's default forest over the 20
original fields, and LightGBM on all training rows at once. Figures are means over the seeds; differences are paired,
with 95 % intervals over patients. Test rows are read here, and choose nothing.

Of the first split it also prints the learning curve over batches and, unless `--pairs 0`, how often the rule of
promotion errs among equal challengers; then how good a vote of the first patients is on the last, and, unless
`--no-history`, what a vote gains that is told of each patient's earlier stays.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import polars as pl
import typer
from lightgbm import LGBMClassifier
from rich.console import Console
from rich.table import Table
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline

from benchmarks.equals import among_equals
from benchmarks.history import history_table
from benchmarks.serving import machine
from benchmarks.temporal import on_the_last
from benchmarks.votes import batches_of, curve_table, hashed, voted
from connections.settings import get_settings
from readmission.clean.cleaning import clean
from readmission.dataset.obtain import obtain
from readmission.features import OPTIONAL_FIELDS
from readmission.model import serving_files
from readmission.model.evaluation import evaluate
from readmission.model.forest import best_threshold, inputs, make_pipeline, positive
from readmission.model.learning_curve import learning_curve
from readmission.model.resampling import Floats, Resampled, interval
from readmission.params import ForestParams, PrepareParams
from readmission.scoring.engines import cores

FIGURES = ("roc_auc", "f1", "pr_auc", "brier_skill")
# What the vote has to reach on test rows, and how near to LightGBM it has to come.
BARS: Mapping[tuple[str, str], float] = {
    ("vote", "roc_auc"): 0.668,
    ("vote", "f1"): 0.275,
    ("vote", "brier_skill"): 0.04,
    ("vote, optional fields blank", "roc_auc"): 0.655,
}
# Of each forest among equals, where the seeds alone differ.
EQUAL_TREES = 50
MOST_BEHIND, MOST_SERVED_MB = 0.008, 25.0
_BOOSTING: dict[str, Any] = {"n_estimators": 500, "learning_rate": 0.02, "num_leaves": 31, "min_child_samples": 100,
             "subsample": 0.8, "subsample_freq": 1, "colsample_bytree": 0.3, "verbose": -1}  # fmt: skip
console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Answer:
    """What a model says of the test rows, and the threshold that it decides by."""

    probability: Floats
    threshold: float


@dataclass(frozen=True)
class Split:
    """The rows of one split seed, each batch's on its own."""

    batches: list[pd.DataFrame]
    val: pd.DataFrame
    test: pd.DataFrame

    @property
    def train(self) -> pd.DataFrame:
        """All batches."""
        return pd.concat(self.batches, ignore_index=True)


def main(
    source: Annotated[str, typer.Option(help="what `readmission load --source` takes")] = "",
    seeds: Annotated[str, typer.Option(help="of the splits, with commas")] = "42,43,44",
    trees: Annotated[int, typer.Option(min=10, help="of each batch's forest")] = 100,
    pairs: Annotated[int, typer.Option(min=0, help="of equal challengers that are compared; 0: none")] = 20,
    history: Annotated[bool, typer.Option(help="measure what earlier stays add, too")] = True,
) -> None:
    """Prints a table; ends with 1 where a bar is missed."""
    console.print(machine.described())
    with obtain(get_settings(), source or None) as obtained:
        raw = pl.read_csv(obtained.path, infer_schema=False)
    measured, behind, served = [], [], 0.0
    for seed in map(int, seeds.split(",")):
        split = _split(raw, PrepareParams(seed=seed))
        pipelines, vote = voted(split.batches, ForestParams(n_estimators=trees))
        answers = _answers(split, pipelines, vote)
        measured.append(_figures(split.test, answers))
        behind.append(_behind(split.test, answers))
        served = max(served, _served_mb(vote, split.val))
        console.print(f"split seed {seed}: {len(split.train):,} training rows, {len(split.test):,} test rows")
        if len(measured) == 1:
            console.print(curve_table(learning_curve(pipelines, split.batches, vote, split.val)))
            equals = among_equals(split.batches, split.val, pairs, min(trees, EQUAL_TREES)) if pairs else None
    means = {name: {figure: _mean(measured, name, figure) for figure in FIGURES} for name in measured[0]}
    _tell(means)
    console.print(on_the_last(clean(raw.lazy(), "lt30").collect(), ForestParams(n_estimators=trees)))
    if history:
        console.print(history_table(raw, [int(seed) for seed in seeds.split(",")], ForestParams(n_estimators=trees)))
    held = [_holds(means, behind, served), equals is None or equals.holds]
    console.print(*(equals.told() if equals else ()), sep="\n")
    raise typer.Exit(not all(held))


def _split(raw: pl.DataFrame, params: PrepareParams) -> Split:
    rows = hashed(clean(raw.lazy(), "lt30").collect(), params)
    batches = batches_of(rows.filter(pl.col("split") == "train"), params)
    val, test = (rows.filter(pl.col("split") == name).to_pandas() for name in ("val", "test"))
    return Split(batches, val, test)


def _answers(split: Split, pipelines: list[Pipeline], vote: Pipeline) -> dict[str, Answer]:
    found = {"scikit-learn's defaults, 20 fields": _default_forest(split)}
    for number, pipeline in enumerate(pipelines, 1):
        found[f"batch {number}"] = Answer(positive(pipeline, split.test), pipeline["forest"].threshold_)
    found["vote"] = Answer(positive(vote, split.test), vote["forest"].threshold_)
    blank = Answer(positive(vote, _blanked(split.test)), vote["forest"].threshold_)
    return {**found, "vote, optional fields blank": blank, "LightGBM on all rows": _boosted(split, vote)}


def _default_forest(split: Split) -> Answer:
    """One batch, no leaf size, no calibration; its threshold comes from validation rows."""
    first = make_pipeline(ForestParams(), 1)["columns"].fit(inputs(split.batches[0]))
    train, val, test = (first.transform(inputs(_blanked(rows))) for rows in (split.batches[0], split.val, split.test))
    forest = RandomForestClassifier(random_state=42, n_jobs=cores()).fit(train, split.batches[0]["target"])
    return _decided(split, _risk(forest, val), _risk(forest, test))


def _boosted(split: Split, vote: Pipeline) -> Answer:
    columns = vote["columns"]
    train, val, test = (columns.transform(inputs(rows)) for rows in (split.train, split.val, split.test))
    model = LGBMClassifier(**_BOOSTING, random_state=42, n_jobs=cores()).fit(train, split.train["target"])
    return _decided(split, _risk(model, val), _risk(model, test))


def _risk(model: Any, matrix: Floats) -> Floats:
    return np.asarray(model.predict_proba(matrix))[:, 1]


def _decided(split: Split, val: Floats, test: Floats) -> Answer:
    """With the threshold that is best on validation rows."""
    return Answer(test, best_threshold(split.val["target"].to_numpy(), val))


def _blanked(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows as a request of the 20 original fields tells them."""
    return rows.assign(**{field.name: field.model_value(None) for field in OPTIONAL_FIELDS if field.model})


def _figures(test: pd.DataFrame, answers: Mapping[str, Answer]) -> dict[str, dict[str, float]]:
    truth, few = test["target"].to_numpy(), Resampled.of_patients(test["patient"], resamples=1)
    return {name: vars(evaluate(truth, one.probability, one.threshold, few)) for name, one in answers.items()}


def _behind(test: pd.DataFrame, answers: Mapping[str, Answer]) -> Floats:
    """How far the vote's ROC-AUC is above LightGBM's, in each resample of the patients."""
    drawn, truth = Resampled.of_patients(test["patient"]), test["target"].to_numpy() == 1
    ours, theirs = (answers[name].probability for name in ("vote", "LightGBM on all rows"))
    return drawn.roc_auc(truth, ours) - drawn.roc_auc(truth, theirs)


def _served_mb(vote: Pipeline, val: pd.DataFrame) -> float:
    with tempfile.TemporaryDirectory() as folder:
        written = serving_files.write(vote, Path(folder), val, dataset="real", target="lt30")
        return sum(path.stat().st_size for path in written) / 1e6


def _mean(measured: list[dict[str, dict[str, float]]], name: str, figure: str) -> float:
    return float(np.mean([one[name][figure] for one in measured if name in one]))


def _tell(means: Mapping[str, Mapping[str, float]]) -> None:
    table = Table("test rows", *(figure.replace("_", " ") for figure in FIGURES))
    for name, figures in means.items():
        table.add_row(name, *(f"{figures[figure]:.4f}" for figure in FIGURES))
    console.print(table)


def _holds(means: Mapping[str, Mapping[str, float]], behind: list[Floats], served: float) -> bool:
    lead, ends = float(np.mean(behind)), interval(np.mean(behind, axis=0))
    console.print(f"vote - LightGBM, ROC-AUC: {lead:+.4f}, 95 % {ends[0]:+.4f} to {ends[1]:+.4f}, paired over patients")
    console.print(f"served files of the vote: {served:.1f} MB")
    missed = [
        f"{name}: {figure} {means[name][figure]:.4f} of {bar}"
        for (name, figure), bar in BARS.items()
        if means[name][figure] < bar
    ]
    missed += [f"vote - LightGBM {lead:+.4f}, at least {-MOST_BEHIND}"] if lead < -MOST_BEHIND else []
    missed += [f"{served:.1f} MB are served, at most {MOST_SERVED_MB}"] if served > MOST_SERVED_MB else []
    console.print("every bar holds" if not missed else "missed: " + "; ".join(missed))
    return not missed


if __name__ == "__main__":
    typer.run(main)
