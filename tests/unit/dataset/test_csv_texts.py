"""A file's texts without a closed list: counted by column, other spellings told, and read as a request's are."""

from pathlib import Path

import polars as pl
import pytest
from pydantic import ValidationError

from app_back.request_model import PredictionRequest
from readmission.clean.cleaning import clean
from readmission.dataset.csv_check import CheckedFile, ColumnCounts, check_file
from readmission.dataset.csv_reader import read_blocks
from readmission.dataset.csv_texts import open_columns
from readmission.errors import InvalidFileError
from readmission.features import BY_NAME, FieldError, complete_request, model_row
from tests.unit.encounters import raw_rows
from tests.unit.features.test_icd9 import STRACK
from tests.unit.features.test_spelling import MISSING, REFUSED, spellings

CASES = Path(__file__).parents[4] / "shared/cases"


def file_of(folder: Path, *changes: dict[str, str]) -> Path:
    path = folder / "encounters.csv"
    raw_rows(*changes).collect().write_csv(path)
    return path


def checked(folder: Path, *changes: dict[str, str]) -> CheckedFile:
    return check_file(file_of(folder, *changes))


def test_the_columns_without_a_closed_list_are_counted() -> None:
    assert list(open_columns()) == ["diag_1", "diag_2", "diag_3", "medical_specialty", "payer_code"]


def test_what_became_missing_and_other_is_counted_by_column(tmp_path: Path) -> None:
    found = checked(
        tmp_path,
        *({"payer_code": text} for text in ("?", "Unknown", "MC", "ZZ", "OT", "other")),
        *({"medical_specialty": text} for text in ("Dentistry", "cardiology", "", "Cardiology")),
        {"diag_2": "?", "diag_3": "Missing"},
    )
    assert found.counts == {
        "diag_1": ColumnCounts(0, 0),
        "diag_2": ColumnCounts(1, 0),
        "diag_3": ColumnCounts(1, 0),
        "medical_specialty": ColumnCounts(1, 1),
        "payer_code": ColumnCounts(2, 2),
    }


def test_other_spellings_are_told_with_how_many_cells_they_are(tmp_path: Path) -> None:
    found = checked(
        tmp_path,
        *[{"payer_code": "Unknown"}] * 3,
        *({"payer_code": text} for text in ("UNKNOWN ", "n/a", "?", "mc")),
        {"medical_specialty": "Internal Medicine"},
    )
    assert found.remarks == (
        "medical_specialty: cells matched to a known spelling: 1 ('Internal Medicine' 1)",
        "payer_code: cells read as missing: 5 ('Unknown' 4, 'n/a' 1)",
        "payer_code: cells matched to a known spelling: 1 ('mc' 1)",
    )


def test_a_file_in_the_contracts_own_spelling_has_no_remark(tmp_path: Path) -> None:
    assert checked(tmp_path, {"payer_code": "?"}, {"medical_specialty": "Dentistry"}, {"diag_1": "V57"}).remarks == ()


@pytest.mark.skipif(not CASES.is_dir(), reason="the collected files are not beside this clone")
def test_a_file_in_which_missing_was_written_out_has_no_payer_other() -> None:
    found = check_file(CASES / "open-filled.csv")
    assert found.counts["payer_code"] == ColumnCounts(missing=found.rows, other=0)
    assert f"payer_code: cells read as missing: {found.rows} ('Unknown' {found.rows})" in found.remarks


def test_the_published_file_is_read_as_it_always_was(real_csv: Path) -> None:
    found = check_file(real_csv)
    assert (found.rows, found.remarks) == (101_766, ())
    assert found.counts["payer_code"] == ColumnCounts(missing=40_256, other=0)
    assert found.counts["medical_specialty"] == ColumnCounts(missing=49_949, other=1_639)
    assert [found.counts[f"diag_{place}"] for place in (1, 2, 3)] == [ColumnCounts(n) for n in (21, 358, 1_423)]


def test_icd10_in_a_file_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError) as refused:
        checked(tmp_path, {"diag_1": "E11.9"}, {"diag_2": "I50"}, {"diag_3": "flu"})
    lines = str(refused.value).splitlines()
    assert lines[0].startswith("encounters.csv has 3 problems; nothing was loaded")
    assert lines[1] == "by column: diag_1 1, diag_2 1, diag_3 1"
    for line in lines[3:5]:
        assert line.endswith("(it looks like ICD-10; this platform reads ICD-9-CM codes such as 250.02)")
    assert lines[5].endswith(
        "a text of 3 characters is not allowed; allowed: an ICD-9 code such as 250.83, 428 or V57, or ?"
    )


# The skew test: the same text in a file, in cleaning and in a request -------------------------------------------------

TEXTS = sorted(
    {
        *MISSING, *REFUSED, "Dentistry", "Cardiología", "OTHER", "心", "Physician Not Found",
        *(spelling for field in ("medical_specialty", "payer_code") for known in BY_NAME[field].categories
          for spelling in spellings(known)),
        *(code for codes in STRACK.values() for code in codes), "v57", " 428", "I50", "E11.9", "E87.6", "V00", "0",
    }
)  # fmt: skip
NOT_IN_A_FILE = ("a\nb", "\ud800", "\0")  # one ends the line, one is no UTF-8, and a file of zero bytes is no text


def requested(name: str, text: str) -> str | float | None:
    """What the model sees of a request with the text, or None where the request is refused."""
    try:
        sent = PredictionRequest.model_validate({name: text}).sent()
    except ValidationError:
        return None
    return model_row(complete_request(sent))[name]


@pytest.mark.parametrize("column", ["medical_specialty", "payer_code", "diag_1"])
def test_a_text_is_the_same_in_a_file_in_cleaning_and_in_a_request(tmp_path: Path, column: str) -> None:
    asked = {text: requested(column, text) for text in TEXTS}
    taken = {text: value for text, value in asked.items() if value is not None}
    path = file_of(tmp_path, *({column: text} for text in taken))
    found = check_file(path)
    rows = clean(pl.concat(block.frame for block in read_blocks(path)).lazy(), "lt30").collect()
    assert dict(zip(taken, rows[column], strict=True)) == taken
    values = list(taken.values())
    others = 0 if column == "diag_1" else values.count("other")
    assert found.counts[column] == ColumnCounts(values.count("missing"), others)
    assert len(set(values)) >= 10 and values.count("missing") == len(MISSING)
    refused = asked.keys() - taken.keys() - {*NOT_IN_A_FILE}
    told = f"has {len(refused)} problems.*\nby column: {column} {len(refused)}\n"
    with pytest.raises(InvalidFileError, match=told):  # a cell each: every one of them is refused
        checked(tmp_path, *({column: text} for text in refused))
    for text in refused:
        with pytest.raises(FieldError, match=f"^{column}: "):
            clean(raw_rows({column: text}), "lt30").collect()
