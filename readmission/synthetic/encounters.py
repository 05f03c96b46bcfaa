"""Makes encounters up: the 50 columns, real categories and margins, and a risk that depends on the fields.

For trying the platform where neither the data set nor a network is at hand. Identifiers start at
`SYNTHETIC_FIRST_ID`, so that the file tells what it is wherever it goes.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.random import Generator, SeedSequence, default_rng
from numpy.typing import NDArray

from readmission.atomic_files import replacing
from readmission.features import (
    COLUMN_NAMES,
    MISSING_MARK,
    SOURCE_COLUMNS,
    SYNTHETIC_FIRST_ID,
    TARGET_COLUMN,
    SourceColumn,
)
from readmission.features.source_columns import MEDICATIONS
from readmission.progress import Progress, silent
from readmission.synthetic import margins
from readmission.synthetic.risk import outcomes

logger = logging.getLogger(__name__)

CHUNK_ROWS = 20_000
# Part of every seed: another number gives other files for the same seeds.
STREAM = 4
# Of those whose doses stayed: how many changed from one drug to another.
CHANGED_DRUG = 0.38
Columns = dict[str, NDArray[Any]]


def write(out: Path, rows: int, seed: int, progress: Progress = silent) -> None:
    """Writes a CSV of made-up encounters; the same rows and seed give the same bytes.

    A longer file begins with the whole chunks of a shorter one of the same seed.
    """
    logger.info("making %s synthetic encounters up in %s", f"{rows:,}", out)
    with replacing(out) as part, part.open("wb") as file:
        for number, first in enumerate(range(0, rows, CHUNK_ROWS)):
            random = default_rng(SeedSequence([STREAM, seed, number]))
            chunk = _encounters(random, first, min(CHUNK_ROWS, rows - first))
            # Polars, writing by itself, does not say in a way that can be told that a disk is full.
            file.write(chunk.write_csv(include_header=first == 0).encode())
            progress(first + chunk.height, rows)
    logger.info("wrote %s", out)


def _encounters(random: Generator, first: int, rows: int) -> pl.DataFrame:
    columns = _patients(random, first, rows)
    columns |= {name: _draw(random, margin, rows) for name, margin in margins.ENCOUNTER.items()}
    columns["encounter_id"] = SYNTHETIC_FIRST_ID + first + np.arange(rows)
    columns["num_lab_procedures"] = np.rint(np.interp(random.random(rows), margins.SHARES, margins.LAB_PROCEDURES))
    columns["num_medications"] = _medications(random, columns["time_in_hospital"])
    columns |= _treatment(random, columns, rows)
    columns[TARGET_COLUMN] = outcomes(columns, random.random(rows))
    columns |= {column.name: _any(random, column, rows) for column in SOURCE_COLUMNS if column.name not in columns}
    return pl.DataFrame({name: _series(columns[name]) for name in COLUMN_NAMES})


def _patients(random: Generator, first: int, rows: int) -> Columns:
    """Each row's patient, and what stays the same from one encounter of a patient to the next."""
    encounters = _draw(random, margins.ENCOUNTERS, rows).astype(np.int64)
    patient = random.permutation(np.repeat(np.arange(rows), encounters)[:rows])
    traits = {name: _draw(random, margin, rows)[patient] for name, margin in margins.PATIENT.items()}
    return {"patient_nbr": SYNTHETIC_FIRST_ID + first + patient, **traits}


def _draw(random: Generator, margin: Mapping[str, int], rows: int) -> NDArray[Any]:
    upper = np.cumsum(list(margin.values()))
    places = np.searchsorted(upper, random.random(rows) * upper[-1], side="right")
    drawn: NDArray[Any] = np.array(list(margin))[places]
    return drawn


def _any(random: Generator, column: SourceColumn, rows: int) -> NDArray[Any]:
    """Whatever a column allows that is new to the contract and has no margin yet."""
    allowed = column.codes or column.categories
    if column.kind == "integer" and not allowed:
        return random.integers(column.minimum, column.maximum, rows, endpoint=True)
    return random.choice(np.array(allowed or (MISSING_MARK,)), rows)


def _medications(random: Generator, time_in_hospital: NDArray[Any]) -> NDArray[Any]:
    """Longer stays have more medications, around the same mean."""
    stay = 0.8 + 0.045 * time_in_hospital.astype(np.int64)
    drawn = np.interp(random.random(len(stay)), margins.SHARES, margins.MEDICATIONS)
    counts: NDArray[Any] = np.maximum(1, np.rint(drawn * stay))
    return counts


def _treatment(random: Generator, columns: Columns, rows: int) -> Columns:
    """The medications that nobody takes here, and the two columns that sum all of them up."""
    unused = {name: np.full(rows, "No") for name in MEDICATIONS if name not in columns}
    doses = [(columns | unused)[name] for name in MEDICATIONS]
    taken = np.any([dose != "No" for dose in doses], axis=0)
    changed = np.any([np.isin(dose, ("Up", "Down")) for dose in doses], axis=0)
    drugs_changed = taken & (random.random(rows) < CHANGED_DRUG)
    return unused | {
        "change": np.where(changed | drugs_changed, "Ch", "No"),
        "diabetesMed": np.where(taken, "Yes", "No"),
    }


def _series(values: NDArray[Any]) -> pl.Series:
    if values.dtype.kind == "U":
        return pl.Series(values.tolist(), dtype=pl.String)
    return pl.Series(values.astype(np.int64))
