"""The last patients as a holdout that nothing selects by: as near to later patients as the data set comes.

The data set has no dates. That encounter ids rise with time is presumed. Patients who came late are censored: of their
stays fewer could follow, and of long histories there are none.
"""

import polars as pl

from benchmarks.votes import batches_of, hashed, voted, with_ends
from readmission.model.evaluation import evaluate
from readmission.model.forest import positive
from readmission.model.resampling import Resampled
from readmission.params import ForestParams, PrepareParams

SHARE = 0.10


def last_patients(cleaned: pl.DataFrame, share: float = SHARE) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of the first patients, and those of the last `share`, by each patient's first encounter id."""
    firsts = cleaned.group_by("patient_nbr").agg(pl.col("encounter_id").min()).sort("encounter_id")
    last = firsts.tail(round(firsts.height * share))["patient_nbr"]
    held = pl.col("patient_nbr").is_in(last.implode())
    return cleaned.filter(~held), cleaned.filter(held)


def on_the_last(cleaned: pl.DataFrame, params: ForestParams) -> str:
    """Trains a vote on the first patients and says how good it is on the rows of the last."""
    first, last = last_patients(hashed(cleaned, PrepareParams()))
    _, vote = voted(batches_of(first, PrepareParams()), params)
    rows = last.to_pandas()
    drawn, truth = Resampled.of_patients(rows["patient"]), rows["target"].to_numpy()
    roc_auc, f1 = with_ends(evaluate(truth, positive(vote, rows), vote["forest"].threshold_, drawn))
    return (
        f"the last {SHARE:.0%} of patients by first encounter, {len(rows):,} rows, {truth.mean():.1%} readmitted: "
        f"ROC-AUC {roc_auc}, F1 {f1}. That this order is time's is presumed, late patients are censored, "
        "and it selects nothing"
    )
