"""What a chunk's texts become: what the contract's own functions make of each row, and the matrix of the service."""

from collections.abc import Mapping

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmission.features import BY_NAME, FIELDS, FieldError, complete_request, model_row
from readmission.inference import Scorer
from readmission.scoring.columns import REQUEST, SOURCE, Kind, kind_of
from readmission.scoring.engines import matrix_of_frame
from readmission.scoring.values import Values, read_values
from tests.unit.encounters import raw_rows
from tests.unit.prepared import every_category, prepared_rows

READ = tuple(field for field in FIELDS if field.kind != "reference")
TEXTS = {
    field.name: st.sampled_from(
        [*field.vocabulary, *field.excluded, "", "nonsense", *map(str, (field.minimum, field.maximum, 250.83))]
    )
    for field in READ
}
USUAL = {field.name: str(complete_request({})[field.name] or "") for field in READ}
# Valid but for a few cells: a row of nothing but random cells is always refused.
CHANGED = st.lists(st.sampled_from(list(TEXTS)), max_size=3).flatmap(
    lambda names: st.fixed_dictionaries({name: TEXTS[name] for name in names})
)


def _read(texts: pl.DataFrame, kind: Kind) -> Values:
    return read_values(texts, kind, kind.reads(texts.columns))


def _alone(row: Mapping[str, str]) -> dict[str, str | float] | None:
    """What the contract makes of one row, or None where it refuses it."""
    try:
        for field in READ:
            field.model_value(row[field.name])
        return model_row(complete_request(row))
    except FieldError:
        return None


@given(st.lists(CHANGED, min_size=1, max_size=8))
def test_a_requests_row_is_read_as_the_service_reads_it_alone(changes: list[dict[str, str]]) -> None:
    rows = [USUAL | change for change in changes]
    values = _read(pl.DataFrame(rows), REQUEST)
    expected = {place: read for place, row in enumerate(rows) if (read := _alone(row)) is not None}
    assert dict(zip(values.rows, values.frame.to_dicts(), strict=True)) == expected
    assert {refusal.row for refusal in values.refusals} == set(range(len(rows))) - expected.keys()


def test_what_is_left_out_has_a_requests_default() -> None:
    values = _read(pl.DataFrame({"age": ["71", "20.0"]}), REQUEST)
    assert values.frame.to_dicts() == [model_row(complete_request({"age": age})) for age in (71, 20)]
    assert REQUEST.lacking(["age"])["number_inpatient"] == 0.0


def test_a_raw_code_decides_its_group_and_a_contradiction_is_refused() -> None:
    texts = pl.DataFrame(
        {"discharge_code": ["6.0", "22", "", "11"], "discharge_disposition_id": ["", "Alta a casa", "Otro", ""]}
    )
    values = _read(texts, REQUEST)
    assert values.frame["discharge_disposition_id"].to_list() == ["Alta a casa", "Otro"]
    assert [(one.row, one.column) for one in sorted(values.refusals)] == [
        (1, "discharge_disposition_id"),
        (3, "discharge_code"),
    ]
    said = {one.row: one.reason for one in values.refusals}
    assert said[1] == "'Alta a casa' contradicts discharge_code '22', which means 'Otro'; give one of them"
    assert "means death or hospice" in said[3]


def test_the_sources_spellings_are_read_by_the_plan_that_prepares_them() -> None:
    texts = raw_rows(
        {"age": "[70-80)", "medical_specialty": "cardiology"}, {"discharge_disposition_id": "11"}
    ).collect()
    values = _read(texts, SOURCE)
    (row,) = values.frame.to_dicts()
    assert (row["age"], row["medical_specialty"], row["discharge_code"]) == (75.0, "Cardiology", "1")
    assert [(one.row, one.column) for one in values.refusals] == [(1, "discharge_disposition_id")]
    assert "death or hospice" in values.refusals[0].reason


def test_the_matrix_is_that_of_the_service_to_the_bit(scorer: Scorer) -> None:
    for rows in (prepared_rows(500, seed=2), every_category()):
        frame = pl.from_pandas(rows.drop(columns="target", errors="ignore")).with_columns(
            pl.lit("never met").alias("gender")
        )
        assert (matrix_of_frame(scorer, frame) == scorer.matrix(frame.to_dicts())).all()
        assert matrix_of_frame(scorer, frame).dtype == np.float32


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ({"age": "65"}, REQUEST),
        ({"age": "[60-70)"}, SOURCE),
        ({"encounter_id": "1", "age": "65"}, REQUEST),
        ({"encounter_id": "1", "admission_type_id": "3"}, SOURCE),
        ({"admission_type_id": "Electiva", "age": "65"}, REQUEST),
        ({"patient_nbr": "1", "gender": "Male"}, SOURCE),
        ({"encounter_ref": "x", "age": "[60-70)", "weight": "?"}, SOURCE),
        ({"discharge_code": "1", "age": "65", "readmitted": "NO"}, REQUEST),
        ({"glyburide_metformin": "No", "age": "65"}, REQUEST),
        ({"glyburide-metformin": "No", "gender": "Male"}, SOURCE),
        ({"discharge_code": "1"}, REQUEST),
    ],
)
def test_the_header_tells_the_kind_and_else_the_first_row(cells: dict[str, str], kind: Kind) -> None:
    assert kind_of(list(cells), list(cells.values())) is kind


def test_each_model_field_has_a_column_in_both_kinds() -> None:
    for kind in (SOURCE, REQUEST):
        assert {field.name for field in BY_NAME.values() if field.model} <= kind.column.keys()
        assert set(kind.column.values()) <= set(kind.wanted.names)


def test_a_file_of_the_sources_columns_may_tell_earlier_stays_beside_them() -> None:
    cells = {"previous_stays": ["3", ""], "previous_readmitted": ["<30", ""]}
    texts = raw_rows({}, {}).collect().with_columns(*(pl.Series(name, values) for name, values in cells.items()))
    told = _read(texts, SOURCE).frame.select(cells.keys())
    assert told.rows() == [(3.0, "<30"), (0.0, "missing")]
    assert _read(raw_rows({}).collect(), SOURCE).frame.select(cells.keys()).rows() == [(0.0, "missing")]
