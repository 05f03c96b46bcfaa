"""The groups of patients that a model is measured in: by race, gender and age, as the prepared rows tell them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# Fewer readmitted patients' stays than this say too little of a group.
LEAST_POSITIVES = 50
_RACES = ("Caucasian", "AfricanAmerican")
_AGES = {"under 50": (0, 50), "50-69": (50, 70), "70 and over": (70, 200)}


def groups_of(rows: pd.DataFrame) -> Mapping[str, NDArray[np.bool_]]:
    """Which rows are in each group, shape (rows,) each; a row is in one group of each kind.

    Races but the two largest are one group, since each alone is too few.
    """
    race = rows["race"].where(rows["race"].isin(_RACES), "other")
    found = {f"race {name}": race == name for name in (*_RACES, "other")}
    found |= {f"gender {name}": rows["gender"] == name for name in ("Female", "Male")}
    found |= {f"age {name}": rows["age"].between(low, below, "left") for name, (low, below) in _AGES.items()}
    return {name: flags.to_numpy(dtype=bool) for name, flags in found.items()}
