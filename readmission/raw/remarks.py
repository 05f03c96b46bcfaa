"""What a person should know of a load: what became missing or `other`, and where that leapt."""

from collections.abc import Iterator, Mapping

from readmission.dataset.csv_check import CheckedFile, ColumnCounts

# In the published data set at most 2 % of a column are `other`; a file that spells its values differently has most.
LEAP = 0.10


def count_lines(checked: CheckedFile) -> Iterator[str]:
    """A line for each column whose values were counted."""
    for column, counts in checked.counts.items():
        missing, other = counts.missing / checked.rows, counts.other / checked.rows
        yield f"column {column}: {counts.missing:,} missing ({missing:.1%}), {counts.other:,} other ({other:.1%})"


def leaps(checked: CheckedFile, former: Mapping[str, ColumnCounts], former_rows: int) -> Iterator[str]:
    """A line for each column whose share of `other` is more than ten points above the former load's.

    Without a former load, or in a column that it did not count, its share is taken for zero.
    """
    for column, counts in checked.counts.items():
        before = former[column].other / former_rows if column in former else None
        share = counts.other / checked.rows
        if share - (before or 0.0) > LEAP:
            was = "no load before to compare with" if before is None else f"{before:.1%} in the load before"
            yield (
                f"column {column}: {share:.1%} of the rows became `other` ({was}): the file may spell its values in "
                "another way than the contract; if so, correct them and load again, or `readmission load --undo`"
            )
