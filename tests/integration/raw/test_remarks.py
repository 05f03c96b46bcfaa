"""The record and the log count by column what became missing or `other`, and mark a leap."""

from typing import Any

import pytest
from sqlalchemy import Connection, select

from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import loads as table
from readmission.dataset.csv_check import CheckedFile, ColumnCounts
from readmission.raw import loads, remarks
from readmission.raw.loads import Load
from readmission.storage.databases import initialise

FILE = CheckedFile(2_000, "real", counts={"payer_code": ColumnCounts(missing=800, other=300)})


def leaps(other: int, former: int | None, former_rows: int = 1_000) -> list[str]:
    before = {} if former is None else {"payer_code": ColumnCounts(other=former)}
    checked = CheckedFile(2_000, "real", counts={"payer_code": ColumnCounts(other=other)})
    return list(remarks.leaps(checked, before, former_rows))


def test_the_counts_of_a_column_are_a_line() -> None:
    assert list(remarks.count_lines(FILE)) == ["column payer_code: 800 missing (40.0%), 300 other (15.0%)"]


@pytest.mark.parametrize(("other", "former"), [(400, 99), (201, None), (2_000, 500)])
def test_more_than_ten_points_above_the_load_before_is_a_leap(other: int, former: int | None) -> None:
    (said,) = leaps(other, former)
    was = "no load before to compare with" if former is None else f"{former / 1_000:.1%} in the load before"
    assert said.startswith(f"column payer_code: {other / 2_000:.1%} of the rows became `other` ({was}): the file may")
    assert said.endswith("correct them and load again, or `readmission load --undo`")


@pytest.mark.parametrize(("other", "former"), [(400, 100), (200, None), (0, 500), (1_000, 450)])
def test_less_is_none(other: int, former: int | None) -> None:
    assert leaps(other, former) == []


def test_the_record_keeps_remarks_and_counts(database_settings: Settings) -> None:
    initialise(database_settings)
    engine = engine_for(database_settings, "RAW_DATA")
    load = Load(loads.start(engine, "hospital.csv"), 2_000, "0" * 64, "real", "loaded")
    with engine.begin() as connection:
        loads.finish_loaded(connection, load, ["one remark", "another"], FILE.counts)
        assert recorded(connection)["detail"] == "one remark\nanother"
        assert recorded(connection)["counts"] == {"payer_code": {"missing": 800, "other": 300}}
    assert loads.counts_of(engine, load.load_id) == FILE.counts


def recorded(connection: Connection) -> dict[str, Any]:
    return dict(connection.execute(select(table)).mappings().one())
