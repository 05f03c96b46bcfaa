"""Raw encounters for tests: one valid row of the CSV's 50 columns, changed as a test needs."""

import polars as pl

from readmission.features import COLUMN_NAMES, SOURCE_COLUMNS

_GIVEN = {
    "encounter_id": "1",
    "patient_nbr": "10",
    "race": "Caucasian",
    "gender": "Female",
    "age": "[60-70)",
    "admission_type_id": "1",
    "discharge_disposition_id": "1",
    "admission_source_id": "7",
    "payer_code": "MC",
    "medical_specialty": "Cardiology",
    "diag_1": "428",
    "diag_2": "250.83",
    "diag_3": "V57",
    "readmitted": "NO",
}


def raw_rows(*changes: dict[str, str]) -> pl.LazyFrame:
    """One row for each change of the valid row; encounter and patient are numbered unless given."""
    rows = []
    for number, change in enumerate(changes or ({},), start=1):
        row = {column.name: _usual(column.name) for column in SOURCE_COLUMNS}
        rows.append({**row, "encounter_id": str(number), "patient_nbr": str(10 + number), **change})
    return pl.LazyFrame(rows, schema=dict.fromkeys(COLUMN_NAMES, pl.String))


def _usual(name: str) -> str:
    column = next(column for column in SOURCE_COLUMNS if column.name == name)
    if name in _GIVEN:
        return _GIVEN[name]
    return column.categories[0] if column.kind == "text" else str(column.minimum)
