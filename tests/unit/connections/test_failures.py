"""What is told of a failure holds no patient's value, whichever library says it, and still names what fails."""

import asyncio
import logging
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import httpx
import polars as pl
import pymysql
import pytest
from mlflow.exceptions import MlflowException, RestException
from pydantic import BaseModel
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

from connections import failures
from connections.failures import named, trace, words
from readmission.errors import LoadError
from readmission.features import BY_NAME, complete_request
from tests.conftest import ROOT

SENTINEL = "SENTINEL-REF-7F3A"


class Number(BaseModel):
    number: int


def refused_by_sqlalchemy() -> None:
    raise IntegrityError(
        "INSERT", {"ref": SENTINEL}, pymysql.IntegrityError(1062, f"Duplicate entry '{SENTINEL}' for key 'PRIMARY'")
    )


def said_by_sqlite() -> None:
    with create_engine("sqlite://").connect() as connection:
        connection.execute(text(f'SELECT "{SENTINEL}"" FROM x'))


def told_by_mysql() -> None:
    raise pymysql.DataError(1366, f"Incorrect integer value: '{SENTINEL}' for column 'age' at row 1")


def checked_by_pydantic() -> None:
    Number.model_validate({"number": SENTINEL})


def read_by_polars() -> None:
    pl.DataFrame({"age": [SENTINEL]}).with_columns(pl.col("age").cast(pl.Int64))


def looked_up() -> None:
    _ = dict[str, str]()[SENTINEL]


def not_text() -> None:
    float(SENTINEL)


def answered_by_another_address() -> None:
    raise MlflowException(f"API request to /predictions failed with error code 500 != 200. Response body: '{SENTINEL}'")


def answered_in_another_shape() -> None:
    raise RestException(
        {  # type: ignore[no-untyped-call]
            "error_code": "NOT_FOUND",
            "predictions": [SENTINEL],
        }
    )


def in_a_group() -> None:
    raise ExceptionGroup(SENTINEL, [ValueError(SENTINEL), LoadError("the load broke off")])


def behind_one_of_ours() -> None:
    try:
        raise KeyError(SENTINEL)
    except KeyError as error:
        raise LoadError("the database did not take the rows") from error


def refused_by_the_contract() -> None:
    BY_NAME["gender"].model_value(SENTINEL)


def contradicting() -> None:
    complete_request({"discharge_code": "22", "discharge_disposition_id": SENTINEL})


def read_as_a_code() -> None:
    BY_NAME["diag_1"].model_value(SENTINEL)


FAILURES = (
    refused_by_sqlalchemy, said_by_sqlite, told_by_mysql, checked_by_pydantic, read_by_polars, looked_up, not_text,
    answered_by_another_address, answered_in_another_shape, in_a_group, behind_one_of_ours, refused_by_the_contract,
    contradicting, read_as_a_code,
)  # fmt: skip


def raised(fails: Callable[[], None]) -> BaseException:
    with pytest.raises(BaseException) as caught:
        fails()
    return caught.value


@pytest.mark.parametrize("fails", FAILURES, ids=lambda fails: fails.__name__)
def test_what_is_told_names_kind_and_place_and_no_value(fails: Callable[[], None]) -> None:
    error = raised(fails)
    for told in (words(error), named(error), trace(error)):
        assert SENTINEL not in told
    assert type(error).__name__ in trace(error)
    assert f"in {fails.__name__}" in trace(error)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            pymysql.OperationalError(2003, "Can't connect to MySQL server on 'mysql' (timed out)"),
            "Can't connect to MySQL server on 'mysql' (timed out) (MySQL error 2003)",
        ),
        (
            pymysql.ProgrammingError(1146, "Table 'RAW_DATA.predictions' doesn't exist"),
            "Table 'RAW_DATA.predictions' doesn't exist (MySQL error 1146)",
        ),
        (pymysql.IntegrityError(1062, f"Duplicate entry '{SENTINEL}'"), "MySQL error 1062"),
        (sqlite3.OperationalError("no such table: predictions"), "no such table: predictions"),
        (
            FileNotFoundError(2, "No such file or directory", "data.csv"),
            "[Errno 2] No such file or directory: 'data.csv'",
        ),
        (httpx.ConnectError("[Errno 111] Connection refused"), "[Errno 111] Connection refused"),
        (
            LoadError("the file has 3 encounters and the database took 2"),
            "the file has 3 encounters and the database took 2",
        ),
        (ValueError(SENTINEL), "ValueError"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_a_person_needs_is_told(error: Exception, told: str) -> None:
    assert words(error) == told


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """What the root logger writes, in the format that any library may have chosen."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    factory = logging.getLogRecordFactory()
    failures.keep_values_out()
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)
    logging.setLogRecordFactory(factory)


@pytest.mark.parametrize("fails", FAILURES, ids=lambda fails: fails.__name__)
def test_no_log_line_of_anybody_holds_it(fails: Callable[[], None], log: StringIO) -> None:
    library, error = logging.getLogger("some.library"), raised(fails)
    library.error("failed", exc_info=error)
    library.error("failed: %s", error)
    library.error("failed: %s", {"why": 1})
    library.error("failed\nand %s", error, exc_info=error)
    assert SENTINEL not in log.getvalue()
    assert log.getvalue().count("some.library failed") == 4
    assert f"in {fails.__name__}" in log.getvalue()


def test_what_asyncio_says_of_a_lost_failure_does_not_quote_it(log: StringIO) -> None:
    asyncio.run(_lose())
    assert "asyncio never retrieved" in log.getvalue() and SENTINEL not in log.getvalue()


async def _lose() -> None:
    loop = asyncio.get_running_loop()
    lost = loop.create_future()
    lost.set_exception(ValueError(SENTINEL))
    loop.call_exception_handler({"message": "never retrieved", "exception": ValueError(SENTINEL), "future": lost})
    lost.exception()


ENDS = """
import threading
from connections.failures import keep_values_out
keep_values_out()
def fails(): int("SENTINEL" + "-REF-7F3A")
thread = threading.Thread(target=fails, name="writer")
thread.start(); thread.join()
fails()
"""


def test_what_ends_a_thread_or_the_process_is_told_without_it() -> None:
    ended = subprocess.run([sys.executable, "-c", ENDS], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "the thread writer ended" in ended.stderr
    assert ended.stderr.count("in fails") == 2 and ended.stderr.rstrip().endswith("ValueError")
    assert SENTINEL not in ended.stderr


COMMAND = """
from readmission.cli import app
@app.command()
def broken() -> None:
    raise ValueError("SENTINEL" + "-REF-7F3A")
app(["keys", "list"], standalone_mode=False)
app(["broken"])
"""


def test_a_command_that_fails_unforeseen_says_where_and_no_value(tmp_path: Path) -> None:
    environment = {**os.environ, "STATE_DIR": str(tmp_path), "READMISSION_ENV_FILE": ""}
    ended = subprocess.run(
        [sys.executable, "-c", COMMAND], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "in broken" in ended.stderr and ended.stderr.rstrip().endswith("ValueError")
    assert SENTINEL not in ended.stderr + ended.stdout
