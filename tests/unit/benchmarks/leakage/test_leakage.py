"""Each check of `make leakage` finds the leak that is planted for it, and none where there is none."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import typer
from sklearn.pipeline import Pipeline

from benchmarks.leakage import __main__ as suite
from benchmarks.leakage.columns import later_encounters, target_derived, total_encounters
from benchmarks.leakage.fitting import Parts, shuffled_target, train_alone
from benchmarks.leakage.found import Found
from benchmarks.leakage.patients import patients_apart, split_by_patient
from readmission import synthetic
from readmission.params import ForestParams

FOREST = ForestParams(n_estimators=40)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """Synthetic encounters as the CSV has them: texts."""
    path = tmp_path_factory.mktemp("leakage") / "made.csv"
    synthetic.write(path, 5_000, seed=3)
    return pl.read_csv(path, infer_schema=False)


@pytest.fixture(scope="module")
def cleaned(raw: pl.DataFrame) -> pl.DataFrame:
    return suite.cleaned_rows(raw.lazy())


def fitted(parts: Parts) -> Pipeline:
    return suite.voted(parts, FOREST)


def by_encounter(rows: pl.DataFrame) -> pl.DataFrame:
    """The planted split: by the encounter's id."""
    return rows.with_columns(
        pl.when(pl.col("encounter_id") % 5 > 0).then(pl.lit("train")).otherwise(pl.lit("val")).alias("split")
    )


def test_honest_data_has_no_leak_and_is_told_of_each_check(raw: pl.DataFrame) -> None:
    found = list(suite.checked(raw, FOREST.n_estimators))
    assert [one.check for one in found if one.leak] == []
    assert len({one.check for one in found}) == 9 and all(one.told for one in found)


def test_a_patient_in_two_splits_is_found(cleaned: pl.DataFrame) -> None:
    split = suite.split_rows(cleaned)
    moved = split["patient_nbr"].filter(split["patient_nbr"].is_duplicated() & (split["split"] == "train"))[0]
    first = (pl.col("patient_nbr") == moved) & pl.col("patient_nbr").is_first_distinct()
    planted = split.with_columns(pl.when(first).then(pl.lit("test")).otherwise("split").alias("split"))
    assert not patients_apart(split).leak
    assert patients_apart(planted).told.startswith("1 of ") and patients_apart(planted).leak


def test_a_split_by_encounter_is_found(cleaned: pl.DataFrame) -> None:
    assert not split_by_patient(cleaned, suite.split_rows).leak
    assert split_by_patient(cleaned, by_encounter).leak
    assert patients_apart(by_encounter(cleaned)).leak


@pytest.mark.parametrize("share", [1.0, 0.1], ids=["of all who came back", "of a tenth of them"])
def test_a_column_that_is_made_of_the_target_is_found(cleaned: pl.DataFrame, share: float) -> None:
    """One that marks few readmitted rows ranks badly, and marks them all the same."""
    rows = cleaned.to_pandas()
    columns = suite.as_the_forest_sees(rows)
    planted = rows["target"].where(rows.index < share * len(rows), 0.0)
    found = target_derived(columns.assign(readmitted_flag=planted), rows["target"])
    assert found.leak and found.told == "readmitted_flag"
    assert not target_derived(columns, rows["target"]).leak


def counted(of_patient: pl.Expr) -> Callable[[pl.LazyFrame], pl.DataFrame]:
    """The platform's cleaning, with `num_procedures` replaced by something of all of the patient's encounters."""

    def clean(raw: pl.LazyFrame) -> pl.DataFrame:
        rows = suite.cleaned_rows(raw).sort("encounter_id")
        return rows.with_columns(of_patient.over("patient_nbr").cast(pl.Float64).alias("num_procedures"))

    return clean


@pytest.mark.parametrize(
    "of_patient",
    [pl.len(), pl.col("time_in_hospital").shift(-1).fill_null(0), pl.col("target").max()],
    ids=["total encounters", "the next stay's length", "whether any stay was followed by another"],
)
def test_a_column_of_later_encounters_is_found(raw: pl.DataFrame, of_patient: pl.Expr) -> None:
    found = later_encounters(raw, counted(of_patient))
    assert found.leak and found.told == "num_procedures"


def test_what_was_known_of_earlier_encounters_is_none(raw: pl.DataFrame) -> None:
    assert not later_encounters(raw, counted(pl.col("time_in_hospital").cum_sum())).leak


@pytest.mark.parametrize("count", [pl.len(), pl.len() - pl.int_range(pl.len())], ids=["all", "to come"])
def test_a_count_of_encounters_that_came_with_the_file_is_found(raw: pl.DataFrame, count: pl.Expr) -> None:
    """Taking rows out of the file would not change it."""
    found = total_encounters(counted(count)(raw.lazy()))
    assert found.leak and "num_procedures" in found.told


@pytest.mark.parametrize("count", [pl.len() - 1, pl.len() - pl.int_range(pl.len())], ids=["all", "to come"])
def test_a_history_that_counts_later_stays_is_found(raw: pl.DataFrame, count: pl.Expr) -> None:
    def planted(rows: pl.LazyFrame) -> pl.DataFrame:
        told = suite.history_rows(rows).sort("encounter_id")
        return told.with_columns(count.over("patient_nbr").cast(pl.Float64).alias("previous_stays"))

    assert [one.leak for one in suite.of_history(raw, suite.history_rows)] == [False, False]
    assert [(one.leak, one.told) for one in suite.of_history(raw, planted)] == [(True, "previous_stays")] * 2


def test_a_label_of_the_stay_itself_in_its_history_is_found(raw: pl.DataFrame) -> None:
    def planted(rows: pl.LazyFrame) -> pl.DataFrame:
        later = pl.col("previous_readmitted").shift(-1).over("patient_nbr", order_by="encounter_id")
        return suite.history_rows(rows).with_columns(later.fill_null("missing").alias("previous_readmitted"))

    assert [one.told for one in suite.of_history(raw, planted) if one.leak] == ["previous_readmitted"]


def test_a_shuffled_target_is_found_by_a_model_that_saw_it(raw: pl.DataFrame) -> None:
    def prepared(shuffled: pl.DataFrame) -> Parts:
        parts = suite.prepared(shuffled)
        return {split: rows.assign(num_procedures=rows["target"].astype(float)) for split, rows in parts.items()}

    assert shuffled_target(raw, prepared, fitted).leak


def learned_from_val(parts: Parts) -> Pipeline:
    """The planted fit: its threshold comes from validation rows."""
    pipeline = fitted(parts)
    pipeline["forest"].threshold_ = float(parts["val"]["number_inpatient"].mean())
    return pipeline


def scaled_by_all(parts: Parts) -> Pipeline:
    """The planted fit: its numbers are scaled by the rows of every split."""
    pipeline = fitted(parts)
    scaler = pipeline["columns"].named_transformers_["numbers"]
    scaler.mean_ = scaler.mean_ + parts["test"][["age"]].mean().to_numpy()
    return pipeline


@pytest.mark.parametrize(("fit", "part"), [(learned_from_val, "threshold"), (scaled_by_all, "preprocessing")])
def test_a_fit_on_other_splits_is_found(raw: pl.DataFrame, fit: Callable[[Parts], Pipeline], part: str) -> None:
    found = train_alone(raw, suite.prepared, fit)
    assert found.leak and found.told == part


def test_training_rows_that_depend_on_other_splits_are_found(raw: pl.DataFrame) -> None:
    def prepared(rows: pl.DataFrame) -> Parts:
        parts = suite.prepared(rows)
        filled = parts["train"].assign(age=parts["train"]["age"] + parts["val"]["age"].mean())
        return {**parts, "train": filled}

    assert train_alone(raw, prepared, fitted).told.startswith("prepared rows")


def test_a_sample_has_all_encounters_of_its_patients(raw: pl.DataFrame) -> None:
    sample = suite.sampled(raw, 100)
    assert sample["patient_nbr"].n_unique() == 100
    assert sample.height == raw.filter(pl.col("patient_nbr").is_in(sample["patient_nbr"].unique().implode())).height
    assert suite.sampled(raw, 0).height == raw.height


def test_the_command_fails_where_there_is_a_leak(
    tmp_path: Path, raw: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "made.csv"
    raw.write_csv(path)
    found = [Found("a leak", True, "planted")]
    monkeypatch.setattr(suite, "checked", lambda *_: iter(found))
    with pytest.raises(typer.Exit) as leaking:
        suite.main(str(path), 0, 30)
    found.clear()
    with pytest.raises(typer.Exit) as clean:
        suite.main(str(path), 0, 30)
    assert (leaking.value.exit_code, clean.value.exit_code) == (1, 0)
