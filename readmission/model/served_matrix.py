"""What a served forest is asked, made of whole columns: many times faster than row by row, and the same."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from readmission.inference import Scorer


def served_matrix(served: Scorer, rows: pd.DataFrame) -> NDArray[np.float32]:
    """The served forest's input, shape (rows, columns), of prepared rows, as `Scorer.matrix` gives it of each.

    It takes the columns that this version uses, whatever others use.
    """
    encoding = served.encoding
    places = [rows[name].map(columns).fillna(encoding.width) for name, columns in encoding.categories.items()]
    numbers = rows[encoding.numbers].to_numpy(dtype=np.float64)
    return encoding.of_columns(numbers, np.column_stack(places).astype(np.intp))
