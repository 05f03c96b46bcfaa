"""What is too few for the method is refused before anything is replaced, with the least number."""

import polars as pl
import pytest

from readmission.clean.enough import check_enough
from readmission.errors import TooFewRowsError
from readmission.params import PrepareParams


def encounters(**splits: tuple[int, int]) -> pl.DataFrame:
    """Rows of each split, as readmitted and not readmitted."""
    rows = [(split, 1) for split, (yes, _) in splits.items() for _ in range(yes)]
    rows += [(split, 0) for split, (_, no) in splits.items() for _ in range(no)]
    return pl.DataFrame(rows, schema={"split": pl.String, "target": pl.Int8}, orient="row")


def test_five_of_either_outcome_are_enough() -> None:
    check_enough(encounters(train=(5, 5), val=(5, 40), test=(40, 5)), PrepareParams())


def test_the_message_says_how_many_there_are_and_how_many_it_takes() -> None:
    few = encounters(train=(20, 140), val=(4, 16), test=(0, 20))
    with pytest.raises(TooFewRowsError) as refused:
        check_enough(few, PrepareParams())
    assert str(refused.value) == (
        "too few encounters: val would hold 4 readmitted and 16 not readmitted; test would hold 0 readmitted and 20 "
        "not readmitted. Each of train, val and test needs 5 of either outcome. That takes at least 834 encounters "
        "that can be readmitted at these shares; there are 200: load more"
    )


@pytest.mark.parametrize("counts", [(0, 30), (30, 0), (0, 0)], ids=["none", "all", "no rows"])
def test_one_outcome_alone_has_no_least_number(counts: tuple[int, int]) -> None:
    with pytest.raises(TooFewRowsError, match=r"Of either outcome some must be loaded; there are \d+ that can"):
        check_enough(encounters(train=counts, val=counts, test=counts), PrepareParams())
