"""Patients never cross, new data never moves old, and batches have their size and order."""

import subprocess
import sys

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmission.clean.splitting import patient_hash, with_batches, with_split
from readmission.params import PrepareParams

PARAMS = PrepareParams()
NONE_ASSIGNED = pl.DataFrame(schema={"encounter_id": pl.Int64, "batch_id": pl.Int64})

Patients = st.lists(st.integers(1, 10**9), min_size=1, max_size=200)


def rows(patients: list[int], first: int = 1) -> pl.DataFrame:
    return pl.DataFrame(
        {"encounter_id": range(first, first + len(patients)), "patient_nbr": patients},
        schema={"encounter_id": pl.Int64, "patient_nbr": pl.Int64},
    )


def hashed(patients: list[int], first: int = 1) -> pl.DataFrame:
    hashes = pl.Series("patient_hash", [patient_hash(patient, 42) for patient in patients], dtype=pl.UInt64)
    return rows(patients, first).with_columns(hashes)


def splits(frame: pl.DataFrame) -> dict[int, str]:
    return dict(frame.select("encounter_id", "split").iter_rows())


def batches(frame: pl.DataFrame) -> dict[int, int]:
    return dict(frame.select("encounter_id", "batch_id").iter_rows())


@given(Patients)
def test_all_encounters_of_a_patient_are_in_one_split(patients: list[int]) -> None:
    split = with_split(rows(patients * 2), PARAMS)
    assert split.height == len(patients) * 2
    assert split.group_by("patient_nbr").agg(pl.col("split").n_unique())["split"].max() == 1


@given(Patients, Patients)
def test_adding_data_never_moves_old(old: list[int], new: list[int]) -> None:
    before = splits(with_split(rows(old), PARAMS))
    after = splits(with_split(rows(old + new), PARAMS))
    assert before.items() <= after.items()


def test_the_hash_is_pinned() -> None:
    """Another value would move every patient of every prepared set."""
    assert patient_hash(8222157, 42) == 0x539244EEF439CCBE
    assert patient_hash(8222157, 42) != patient_hash(8222157, 43)


@pytest.mark.parametrize("hash_seed", ["0", "12345"])
def test_another_process_splits_the_same_way(hash_seed: str) -> None:
    code = "from readmission.clean.splitting import patient_hash; print([patient_hash(p, 42) for p in range(50)])"
    environment = {"PYTHONHASHSEED": hash_seed}
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == str([patient_hash(patient, 42) for patient in range(50)])


@pytest.mark.parametrize(("train", "val", "test"), [(80, 10, 10), (60, 25, 15)])
def test_the_shares_are_those_asked_for(train: int, val: int, test: int) -> None:
    params = PrepareParams(train_percent=train, val_percent=val, test_percent=test)
    shares = dict(with_split(rows(list(range(20_000))), params)["split"].value_counts(normalize=True).iter_rows())
    assert shares == pytest.approx({"train": train / 100, "val": val / 100, "test": test / 100}, abs=0.01)


def test_another_seed_splits_otherwise() -> None:
    frame = rows(list(range(1_000)))
    one, other = (splits(with_split(frame, PrepareParams(seed=seed))) for seed in (1, 2))
    assert sum(one[key] != other[key] for key in one) > 200


@given(Patients, st.integers(1, 40))
def test_batches_are_full_but_the_last_and_ordered_by_hash_then_encounter(patients: list[int], size: int) -> None:
    batched = with_batches(hashed(patients), NONE_ASSIGNED, size)
    sizes = batched["batch_id"].value_counts().sort("batch_id")
    last = sizes.height
    assert sizes["batch_id"].to_list() == list(range(1, last + 1))
    assert sizes["count"].to_list()[:-1] == [size] * (last - 1)
    assert batched["batch_id"].to_list() == batched.sort("patient_hash", "encounter_id")["batch_id"].sort().to_list()
    assert batched.equals(batched.sort("batch_id", "patient_hash", "encounter_id"))


@given(st.lists(st.integers(1, 30), min_size=1, max_size=200), st.integers(1, 40))
def test_at_most_one_patient_straddles_a_cut(patients: list[int], size: int) -> None:
    batched = with_batches(hashed(patients), NONE_ASSIGNED, size)
    last = int(str(batched["batch_id"].max()))
    for cut in range(1, last):
        before = set(batched.filter(pl.col("batch_id") <= cut)["patient_nbr"])
        after = set(batched.filter(pl.col("batch_id") > cut)["patient_nbr"])
        assert len(before & after) <= 1


@given(Patients, Patients, st.integers(1, 40))
def test_appended_rows_fill_the_last_open_batch_and_old_ones_stay(old: list[int], new: list[int], size: int) -> None:
    first = with_batches(hashed(old), NONE_ASSIGNED, size)
    whole = pl.concat([hashed(old), hashed(new, first=len(old) + 1)])
    second = with_batches(whole, first.select("encounter_id", "batch_id"), size)
    assert batches(first).items() <= batches(second).items()
    assert second.height == len(old) + len(new)
    sizes = second["batch_id"].value_counts().sort("batch_id")["count"].to_list()
    assert sizes[:-1] == [size] * (len(sizes) - 1)
    assert 1 <= sizes[-1] <= size


def test_what_is_gone_from_the_data_leaves_the_others_batches_alone() -> None:
    first = with_batches(hashed(list(range(30))), NONE_ASSIGNED, 10)
    left = hashed(list(range(30))).filter(pl.col("encounter_id") % 3 != 0)
    second = with_batches(left, first.select("encounter_id", "batch_id"), 10)
    assert second.height == 20
    assert batches(second).items() <= batches(first).items()
