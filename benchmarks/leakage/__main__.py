"""Does anything tell the model what it must not know? `make leakage` (`ARGS="--patients 10000"` for a sample).

Encounters are cleaned, split and cut into batches, and two batches are trained and vote, by the code that the DAGs run.
Each check is shown a leak that was planted for it in `tests/unit/benchmarks/leakage`.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import pandas as pd
import polars as pl
import typer
from rich.console import Console
from rich.table import Table
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from benchmarks.leakage.columns import Cleaning, later_encounters, target_derived, total_encounters
from benchmarks.leakage.fitting import Parts, shuffled_target, train_alone
from benchmarks.leakage.found import Found
from benchmarks.leakage.patients import patients_apart, split_by_patient
from connections.settings import get_settings
from readmission.clean.cleaning import clean
from readmission.clean.history import in_order
from readmission.clean.splitting import with_batches, with_split
from readmission.dataset.obtain import obtain
from readmission.features import NUMBERS
from readmission.model.forest import inputs
from readmission.model.vote import vote_of
from readmission.params import ForestParams, PrepareParams
from readmission.scoring.engines import cores
from readmission.training.batches import fit

PREPARED = PrepareParams()
console = Console(highlight=False, soft_wrap=True)


def main(
    source: Annotated[str, typer.Option(help="what `readmission load --source` takes")] = "synthetic",
    patients: Annotated[int, typer.Option(min=0, help="so many of them alone; 0: all")] = 0,
    trees: Annotated[int, typer.Option(min=30, help="of each batch's forest")] = 50,
) -> None:
    """Prints a table of the checks; ends with 1 where one finds a leak."""
    with obtain(get_settings(), source) as obtained:
        raw = sampled(pl.read_csv(obtained.path, infer_schema=False), patients)
    table, leaks = Table("looked for", "", "seen"), 0
    for found in checked(raw, trees):
        table.add_row(found.check, "LEAK" if found.leak else "none", found.told)
        leaks += found.leak
    console.print(f"{raw.height:,} encounters of {raw['patient_nbr'].n_unique():,} patients")
    console.print(table)
    raise typer.Exit(leaks > 0)


def sampled(raw: pl.DataFrame, patients: int) -> pl.DataFrame:
    """All encounters of some of the patients; 0: of all."""
    known = raw["patient_nbr"].unique().sort()
    chosen = known.sample(min(patients or len(known), len(known)), seed=0)
    return raw.filter(pl.col("patient_nbr").is_in(chosen.implode()))


def checked(raw: pl.DataFrame, trees: int) -> Iterator[Found]:
    """Every check of raw encounters, with two batches of so many trees."""

    def fitted(parts: Parts) -> Pipeline:
        return voted(parts, ForestParams(n_estimators=trees))

    cleaned = cleaned_rows(raw.lazy())
    split = split_rows(cleaned)
    yield patients_apart(split)
    yield split_by_patient(cleaned, split_rows)
    train = split.filter(pl.col("split") == "train").to_pandas()
    yield target_derived(as_the_forest_sees(train), train["target"])
    yield later_encounters(raw, cleaned_rows)
    yield total_encounters(cleaned)
    yield from of_history(raw, history_rows)
    yield shuffled_target(raw, prepared, fitted)
    yield train_alone(raw, prepared, fitted)


def of_history(raw: pl.DataFrame, clean: Cleaning) -> Iterator[Found]:
    """Whether what is told of earlier stays knows of later ones; patients of contradictory order have no such rows."""
    ordered = in_order(raw.lazy()).collect()
    for found in (later_encounters(ordered, clean), total_encounters(clean(ordered.lazy()))):
        yield replace(found, check=f"{found.check}, with history")


def history_rows(raw: pl.LazyFrame) -> pl.DataFrame:
    """As the DAG cleans them where the model is told of earlier stays."""
    return clean(raw, PREPARED.target, history=True).collect()


def cleaned_rows(raw: pl.LazyFrame) -> pl.DataFrame:
    """As the DAG cleans them."""
    return clean(raw, PREPARED.target).collect()


def split_rows(cleaned: pl.DataFrame) -> pl.DataFrame:
    """As the DAG splits them."""
    return with_split(cleaned, PREPARED)


def prepared(raw: pl.DataFrame) -> Parts:
    """The rows of each split; train has `batch_id`, at least two of them."""
    rows = split_rows(cleaned_rows(raw.lazy()))
    train, val, test = (rows.filter(pl.col("split") == name) for name in ("train", "val", "test"))
    none = pl.DataFrame(schema={"encounter_id": pl.Int64, "batch_id": pl.Int64})
    batched = with_batches(train, none, min(PREPARED.batch_size, -(-train.height // 2)))
    return {"train": batched.to_pandas(), "val": val.to_pandas(), "test": test.to_pandas()}


def voted(parts: Parts, params: ForestParams) -> Pipeline:
    """The vote of the first two batches' forests."""
    batches = [parts["train"].query("batch_id == @number") for number in (1, 2)]
    pipelines = [fit(params, cores(), {**parts, "train": rows}) for rows in batches]
    for pipeline in pipelines:
        # Several threads add trees up in any order, so that the same model has other last bits each time.
        pipeline["forest"].forest_.n_jobs = 1
    return vote_of(pipelines, batches)


def as_the_forest_sees(rows: pd.DataFrame) -> pd.DataFrame:
    """The columns of the forest's matrix by name, numbers as they are."""
    columns = fit(ForestParams(n_estimators=30), cores(), {"train": rows.head(5_000)})["columns"]
    matrix = pd.DataFrame(columns.transform(inputs(rows)), columns=_names(columns), index=rows.index)
    return matrix.assign(**{name: rows[name] for name in NUMBERS})


def _names(columns: ColumnTransformer) -> list[str]:
    one_hot = columns.named_transformers_["categories"].get_feature_names_out()
    anywhere = [f"a diagnosis of {group}" for group in columns.named_transformers_["anywhere"].categories]
    return [*NUMBERS, *one_hot, *anywhere]


if __name__ == "__main__":
    typer.run(main)
