"""A file that breaks the contract changes nothing, and says which lines, columns and values, and why."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import loads
from readmission.dataset.csv_problems import described
from readmission.errors import InvalidFileError
from readmission.features import COLUMN_NAMES
from readmission.raw.ingest import current_load, load
from readmission.storage.databases import initialise
from tests.conftest import SyntheticCsv

ROWS = 6_000
Rows = list[list[str]]


@pytest.fixture(scope="module")
def rows(synthetic_csv: SyntheticCsv) -> Rows:
    """A header and 6,000 encounters: more than one block."""
    with synthetic_csv(ROWS, 1).open(newline="") as file:
        return list(csv.reader(file))


@pytest.fixture
def loaded(settings: Settings, synthetic_csv: SyntheticCsv) -> Settings:
    """Databases in which a valid file is loaded already."""
    initialise(settings)
    load(settings, synthetic_csv(1_000, 2))
    return settings


def refusal(settings: Settings, path: Path, content: bytes | Rows) -> str:
    """The message with which a file is refused, after checking that nothing changed and that the load says so."""
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text("".join(",".join(row) + "\n" for row in content), encoding="utf-8")
    before = current_load(settings)
    with pytest.raises(InvalidFileError) as refused:
        load(settings, path)
    assert current_load(settings) == before is not None
    with engine_for(settings, "RAW_DATA").connect() as connection:
        last = connection.execute(select(loads).order_by(loads.c.load_id.desc())).mappings().first()
    assert last is not None
    assert (last["outcome"], last["detail"], last["source"]) == ("failed", str(refused.value), path.name)
    return str(refused.value)


def changed(rows: Rows, column: str, value: str, *lines: int) -> Rows:
    copy = [list(row) for row in rows]
    for line in lines:
        copy[line - 1][COLUMN_NAMES.index(column)] = value
    return copy


CELLS = (
    ("encounter_id", "12a", "a whole number from 1 to"),
    ("patient_nbr", "0", "a whole number from 1 to"),
    ("race", "Martian", "one of Caucasian, AfricanAmerican, Hispanic, Asian, Other, ?"),
    ("gender", "female", "one of Female, Male, Unknown/Invalid"),
    ("age", "[100-110)", "one of [0-10), [10-20)"),
    ("admission_type_id", "9", "one of the codes 1, 2, 3, 4, 5, 6, 7, 8"),
    ("admission_source_id", "16", "one of the codes 1, 2,"),
    ("time_in_hospital", "15", "a whole number from 1 to 14"),
    ("time_in_hospital", "3.5", "a whole number from 1 to 14"),
    ("num_procedures", "-1", "a whole number from 0 to 20"),
    ("num_procedures", "+3", "a whole number from 0 to 20"),
    ("number_inpatient", "", "a whole number from 0 to 150"),
    ("medical_specialty", "x" * 65, "a text with a letter, of up to 64 printable characters, or ?"),
    ("payer_code", "42", "a text with a letter, of up to 64 printable characters, or ?"),
    ("payer_code", "a\tb", "a text with a letter, of up to 64 printable characters, or ?"),
    ("diag_1", "diabetes", "an ICD-9 code such as 250.83, 428 or V57, or ?"),
    ("diag_2", "2500.1", "an ICD-9 code such as 250.83, 428 or V57, or ?"),
    ("diag_3", "E11.9", "an ICD-9 code such as 250.83, 428 or V57, or ? (it looks like ICD-10; this platform reads"),
    ("max_glu_serum", "n/a", "one of None, Norm, >200, >300"),
    ("gender", "", "one of Female, Male, Unknown/Invalid"),
    ("insulin", "no", "one of No, Steady, Up, Down"),
    ("readmitted", "", "one of NO, >30, <30"),
)


@pytest.mark.parametrize(("column", "value", "allowed"), CELLS)
def test_a_wrong_cell_is_named(
    loaded: Settings, rows: Rows, tmp_path: Path, column: str, value: str, allowed: str
) -> None:
    said = refusal(loaded, tmp_path / "bad.csv", changed(rows, column, value, ROWS))
    assert said.startswith("bad.csv has 1 problem; nothing was loaded")
    assert said.splitlines()[1:3] == [f"by column: {column} 1", "in full:"]
    assert f"line {ROWS}, column {column}: {described(value)} is not allowed; allowed: {allowed}" in said


def test_all_problems_are_counted_and_the_first_are_listed(loaded: Settings, rows: Rows, tmp_path: Path) -> None:
    bad = changed(rows, "age", "old", *range(100, 5_100))
    bad = changed(bad, "gender", "?", 50, 5_900)
    said = refusal(loaded, tmp_path / "bad.csv", bad).splitlines()
    assert said[0] == "bad.csv has 5,002 problems; nothing was loaded: mend these cells, or leave the rows out"
    assert said[1:3] == ["by column: age 5,000, gender 2", "the first 20 of 5,002:"]
    assert len(said) == 23
    assert said[3].startswith("  line 50, column gender: '?' is not allowed")
    assert said[4].startswith("  line 100, column age: a text of 3 characters is not allowed")
    assert said[22].startswith("  line 118, column age: a text of 3 characters is not allowed")


def test_an_encounter_twice_is_named_wherever_it_is(loaded: Settings, rows: Rows, tmp_path: Path) -> None:
    said = refusal(loaded, tmp_path / "bad.csv", changed(rows, "encounter_id", rows[1][0], 5_000, 6_001))
    assert "has 2 problems" in said
    assert "line 5000, column encounter_id: a number is not allowed; allowed: each encounter_id once" in said
    assert "line 6001, column encounter_id" in said


def test_synthetic_among_real_encounters_is_refused(loaded: Settings, rows: Rows, tmp_path: Path) -> None:
    said = refusal(loaded, tmp_path / "bad.csv", changed(rows, "encounter_id", "12522", 777))
    assert "line 777, column encounter_id: a number is not allowed; allowed: only real encounters, or only" in said


def _cut(row: list[str]) -> list[str]:
    return row[:-3]


BROKEN: tuple[tuple[Callable[[list[str]], list[str]], str], ...] = (
    (_cut, "50 cells (this line has 47)"),
    (lambda row: [*row, "more"], "50 cells (this line has 51)"),
    (lambda row: [*row, ""], "50 cells (this line has 51)"),
    (lambda row: row[:0], "50 cells (this line has 0)"),
    (lambda row: ['"' + row[0], *row[1:]], "quotes that close on the same line"),
    (lambda row: [row[0], '"a"b', *row[2:]], "quotes that close on the same line"),
)


@pytest.mark.parametrize(("breaks", "allowed"), BROKEN)
def test_a_broken_line_is_named(
    loaded: Settings, rows: Rows, tmp_path: Path, breaks: Callable[[list[str]], list[str]], allowed: str
) -> None:
    bad = [*rows[:4_999], breaks(rows[4_999]), *rows[5_000:]]
    said = refusal(loaded, tmp_path / "bad.csv", bad)
    assert "has 1 problem;" in said
    assert "line 5000: " in said
    assert f"allowed: {allowed}" in said


def test_one_line_too_long_does_not_make_up_for_one_too_short(loaded: Settings, rows: Rows, tmp_path: Path) -> None:
    bad = [list(row) for row in rows]
    bad[10], bad[20] = bad[10][:-1], [*bad[20], ""]
    said = refusal(loaded, tmp_path / "bad.csv", bad)
    assert "has 2 problems" in said
    assert "line 11: " in said
    assert "line 21: " in said


HEADER = ",".join(COLUMN_NAMES)
WHOLE_FILES = (
    (b"", "is empty or begins with an empty line: its first line names the columns"),
    (b"\n\n", "is empty or begins with an empty line: its first line names the columns"),
    (HEADER.encode() + b"\n", "has column names and no encounter"),
    (b"<!DOCTYPE html>\n<html></html>", "is a web page, not a CSV"),
    (f"{HEADER}\nMédico\n".encode("latin-1"), "is not UTF-8 text at line 2; save it as UTF-8"),
    (HEADER.replace("age,", "").encode() + b"\n", "missing: age"),
    (f"{HEADER},extra\n".encode(), "unexpected: extra"),
    (f"{HEADER},age\n".encode(), "repeated: age"),
    (HEADER.replace("age,", "Age,").encode() + b"\n", "missing: age; unexpected: Age"),
    (HEADER.replace(",", " ").encode() + b"\n", "has no line of column names"),
    (b"\x00\xff" * 5_000, "is binary data, not text"),
)


@pytest.mark.parametrize(("content", "reason"), WHOLE_FILES)
def test_what_is_not_the_data_set_is_refused(loaded: Settings, tmp_path: Path, content: bytes, reason: str) -> None:
    said = refusal(loaded, tmp_path / "bad.csv", content)
    assert said.startswith("bad.csv ")
    assert reason in said
