"""What is counted among equal challengers, and what for; the patients that are held out as the last."""

import polars as pl

from benchmarks.equals import Equals, among_equals
from benchmarks.temporal import last_patients
from readmission.model.comparison import Answers, Comparison, compare
from readmission.model.forest import positive
from tests.unit.prepared import fitted_pipeline, prepared_rows

F1 = "F1 higher with probability 0.90"


def compared(*unmet: str) -> Comparison:
    return Comparison({}, unmet, ())


def test_promotions_and_guards_are_counted_apart() -> None:
    group = "age 70+ loses more than 5% of recall, with probability {}"
    equals = Equals([compared(), compared(F1), compared(F1, group.format(0.91)), compared(group.format(0.95))])
    assert (equals.promoted, equals.guarded, equals.holds) == (0.25, 0.5, False)
    assert equals.why() == {F1: 2, "age 70+ loses more than 5% of recall": 2}
    assert Equals([compared(F1)] * 10).holds


def test_the_rule_says_which_demands_are_guards() -> None:
    """Against itself a model is not better, and loses nothing; turned round, it loses ROC-AUC and Brier skill."""
    rows = prepared_rows(600, seed=9).assign(patient=range(600), race="Caucasian")
    risk = positive(fitted_pipeline(), rows)
    good, bad = Answers(risk, 0.2), Answers(1 - risk, 0.5)
    assert (compare(rows, good, good).unmet, compare(rows, good, good).guards) == ((F1,), ())
    assert set(compare(rows, bad, good).unmet) - {F1} == set(compare(rows, bad, good).guards) != set()


def test_as_many_pairs_are_compared_as_were_asked_for() -> None:
    batches = [prepared_rows(500, seed=seed) for seed in (1, 2)]
    val = prepared_rows(400, seed=3).assign(patient=range(400), race="Caucasian")
    equals = among_equals(batches, val, pairs=3, trees=30)
    assert len(equals.compared) == 3
    changes = {one.numbers["roc_auc_change"] for one in equals.compared}
    assert len(changes) == 3 and max(map(abs, changes)) > 0  # other seeds, other votes


def test_the_last_patients_are_those_whose_first_encounter_is_last() -> None:
    """Patient 1 comes first and again at the end: all of its rows are among the first."""
    rows = pl.DataFrame({"patient_nbr": [1, *range(2, 11), 1], "encounter_id": range(1, 12)})
    first, last = last_patients(rows.sample(fraction=1, shuffle=True, seed=1))
    assert last.rows() == [(10, 10)]
    assert first.height == 10 and 11 in first["encounter_id"]
