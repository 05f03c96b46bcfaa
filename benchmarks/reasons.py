"""How long the reasons of one risk take, and how far they rank fields as SHAP's TreeExplainer does.

Grows six forests on six batches, has all of their trees vote together, and explains rows that none of them saw:

    python -m benchmarks.reasons --source synthetic --rows 200
"""

import tempfile
import time
import warnings
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import polars as pl
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from connections.settings import get_settings
from readmission.clean.cleaning import clean
from readmission.dataset.obtain import obtain
from readmission.features import PREPARED_FIELDS
from readmission.inference import REASONS_FILE, Attribution, Scorer, read_folder
from readmission.model import serving_files
from readmission.model.forest import inputs, make_pipeline
from readmission.model.serving_files import records
from readmission.params import ForestParams

FORESTS, TOLD = 6, 5
MOST_MS, LEAST_SPEARMAN = 50.0, 0.85
console = Console()


def main(
    source: Annotated[str, typer.Option(help="what `readmission load --source` takes")] = "synthetic",
    rows: Annotated[int, typer.Option(min=20, help="rows that are explained by both")] = 200,
    trees: Annotated[int, typer.Option(min=10, help="trees of each of the six forests")] = 100,
) -> None:
    """Prints times and agreement; fails where the median is 50 ms or more, or the rank agreement is under 0.85."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        pipeline, asked = _vote(source, trees, rows, folder)
        scorer = Scorer.unproven(read_folder(folder))
        size = (folder / REASONS_FILE).stat().st_size
    attribution = scorer.attribution
    assert attribution is not None
    answered = scorer.of_matrix(asked)
    ours = attribution.explain(asked, answered).by_field
    took = _milliseconds(attribution, asked, answered)
    by_shap, shap_took = _by_shap(pipeline, asked, attribution)
    spearman = float(_ranks(ours).corrwith(_ranks(by_shap), axis=1).mean())
    table = Table("What", "Figure")
    for what, figure in (
        ("trees, and reasons.bin", f"{FORESTS * trees}, {size / 1e6:.2f} MB"),
        ("one row: median, 95th percentile", "{:.2f}, {:.2f} ms".format(*np.percentile(took, [50, 95]))),
        ("one row by TreeExplainer: mean", f"{shap_took:.1f} ms"),
        (f"Spearman's rank correlation with TreeExplainer, mean of {rows} rows", f"{spearman:.3f}"),
        (f"of the {TOLD} largest, the same fields in mean", f"{_overlap(ours, by_shap):.2f}"),
    ):
        table.add_row(what, figure)
    console.print(table)
    if np.median(took) >= MOST_MS or not spearman >= LEAST_SPEARMAN:
        raise SystemExit(f"not reached: a median under {MOST_MS:.0f} ms, and {LEAST_SPEARMAN} of rank agreement")


def _vote(source: str, trees: int, rows: int, folder: Path) -> tuple[Pipeline, NDArray[np.float32]]:
    """A pipeline whose forest has the trees of six, served in `folder`, and unseen rows as the forest's matrix."""
    with obtain(get_settings(), source) as obtained:
        raw = pl.read_csv(obtained.path, infer_schema=False)
    excluded = [pl.col(str(field.source)).is_in(sorted(field.excluded)) for field in PREPARED_FIELDS if field.excluded]
    cleaned = clean(raw.filter(~pl.any_horizontal(excluded)).lazy(), "lt30").collect()
    shuffled = cleaned.sample(cleaned.height, seed=1, shuffle=True).to_pandas()
    unseen, learned = shuffled.iloc[: max(rows, 500)], shuffled.iloc[max(rows, 500) :]
    batches = [learned.iloc[places] for places in np.array_split(np.arange(len(learned)), FORESTS)]
    pipeline = make_pipeline(ForestParams(n_estimators=trees), -1).fit(inputs(batches[0]), batches[0]["target"])
    vote = pipeline["forest"].forest_
    for batch in batches[1:]:
        grown = clone(vote).fit(pipeline["columns"].transform(inputs(batch)), batch["target"])
        vote.estimators_ += grown.estimators_
    vote.n_estimators = len(vote.estimators_)
    serving_files.write(pipeline, folder, unseen, dataset="real", target="lt30")
    serving_files.check_parity(pipeline, folder, unseen)
    matrix = Scorer.unproven(read_folder(folder)).matrix(records(inputs(unseen.head(rows))))
    return pipeline, matrix


def _milliseconds(
    attribution: Attribution, matrix: NDArray[np.float32], answered: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What each row takes by itself, shape (rows,)."""
    took = []
    for place in range(len(matrix)):
        begun = time.perf_counter()
        attribution.explain(matrix[place : place + 1], answered[place : place + 1])
        took.append((time.perf_counter() - begun) * 1_000)
    return np.array(took)


def _by_shap(
    pipeline: Pipeline, matrix: NDArray[np.float32], attribution: Attribution
) -> tuple[NDArray[np.float64], float]:
    """SHAP values of the forest's vote, summed by field, shape (rows, fields), and the milliseconds a row."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # shap's own, of its imports
        try:
            import shap
        except ImportError as error:
            raise SystemExit("the agreement is measured with shap: `make install` brings it") from error
    explainer = shap.TreeExplainer(pipeline["forest"].forest_, model_output="raw")
    begun = time.perf_counter()
    values = np.asarray(explainer.shap_values(matrix, check_additivity=False))[:, :, 1]
    took = (time.perf_counter() - begun) * 1_000 / len(matrix)
    return attribution.by_field(values, matrix), took


def _ranks(values: NDArray[np.float64]) -> pd.DataFrame:
    """Of each row, from the field that lowers its risk most: Spearman's correlation is that of ranks."""
    return pd.DataFrame(values).rank(axis=1)


def _overlap(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    """How many of the largest fields of each row are the same, 0 to 1."""
    largest = [np.argsort(-np.abs(values), axis=1)[:, :TOLD] for values in (ours, theirs)]
    return float(np.mean([len(np.intersect1d(*pair)) / TOLD for pair in zip(*largest, strict=True)]))


if __name__ == "__main__":
    typer.run(main)
