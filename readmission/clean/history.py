"""What a patient's earlier encounters tell of one: nothing of it comes from the encounter itself or from later ones.

The file has no dates: encounter ids are taken for the order of time. Patients who contradict that are left out, since
what they seem to tell may come from a later stay.
"""

import logging

import polars as pl

from readmission.features import BY_NAME, HISTORY_CATEGORIES, HISTORY_NUMBERS, NOT_READMITTED, TARGET_COLUMN

logger = logging.getLogger(__name__)

_PATIENT, _NUMBER = "patient_nbr", pl.col("encounter_id").cast(pl.Int64)
# Of a patient: whether an encounter that nothing followed, by its label, is not the last.
_CONTRADICTS = ((pl.col(TARGET_COLUMN) == NOT_READMITTED) & (_NUMBER.max() > _NUMBER)).any().over(_PATIENT)


def with_history(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Raw encounters of patients in order, with `previous_stays` and `previous_readmitted`.

    All encounters before count, also those that no model is trained on; `previous_readmitted` is the label of the one
    just before.
    """
    stays, readmitted = BY_NAME["previous_stays"], BY_NAME["previous_readmitted"]
    before = _NUMBER.rank("ordinal").over(_PATIENT).cast(pl.Float64) - 1
    label = pl.col(TARGET_COLUMN).shift(1).over(_PATIENT, order_by=_NUMBER)
    return in_order(raw).with_columns(
        before.clip(upper_bound=stays.maximum).alias(stays.name),
        label.fill_null(readmitted.missing).alias(readmitted.name),
    )


def without_history(raw: pl.LazyFrame) -> pl.LazyFrame:
    """All raw encounters, with the same columns as of patients of whom no earlier stay is known."""
    names = (*HISTORY_NUMBERS, *HISTORY_CATEGORIES)
    return raw.with_columns(pl.lit(BY_NAME[name].model_value(None)).alias(name) for name in names)


def in_order(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Raw encounters without patients whose order contradicts itself: a stay that nothing followed, then another."""
    return raw.filter(~_CONTRADICTS)


def tell_left_out(raw: pl.DataFrame) -> None:
    """Logs how many patients of raw encounters are left out for their order."""
    found = raw.lazy().filter(_CONTRADICTS).select(_PATIENT).collect()
    patients = found[_PATIENT].n_unique()
    logger.info("left out for a contradictory order: patients %s, encounters %s", f"{patients:,}", f"{found.height:,}")
