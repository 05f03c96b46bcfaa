"""What leaves a task, which Airflow writes into its log whole, quotes no patient's values."""

import ast
import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

import polars as pl
import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from readmission.clean.cleaning import values
from readmission.errors import InUseError, InvalidFileError
from readmission.features import BY_NAME
from tests.conftest import ROOT

SENTINEL = "SENTINEL-REF-7F3A"


@pytest.fixture(scope="module")
def wiring() -> Iterator[ModuleType]:
    """`dags/wiring.py`, as Airflow imports it; what it changes of the process is put back."""
    spec = spec_from_file_location("wiring", ROOT / "dags/wiring.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    factory, hook = logging.getLogRecordFactory(), sys.excepthook
    spec.loader.exec_module(module)
    yield module
    logging.setLogRecordFactory(factory)
    sys.excepthook = hook


def fails_in_polars() -> None:
    gender = BY_NAME["gender"]
    texts = pl.LazyFrame({"gender": ["Female", SENTINEL]})
    texts.select(values([(gender, "gender", gender.from_source)])).collect()


def fails_in_a_look_up() -> None:
    raise KeyError(SENTINEL)


def fails_behind_ours() -> None:
    try:
        raise ValueError(SENTINEL)
    except ValueError as error:
        raise InUseError("another run holds the prepared set") from error


def fails_at_the_file() -> None:
    try:
        raise ValueError(SENTINEL)
    except ValueError as error:
        raise InvalidFileError("line 3, column age: a number is not allowed") from error


def left(wiring: ModuleType, fails: Callable[[], None]) -> Exception:
    with pytest.raises(Exception) as caught, wiring.without_retry():
        fails()
    return caught.value


@pytest.mark.parametrize(
    ("fails", "retried", "told"),
    [
        (fails_in_polars, True, "Error"),
        (fails_in_a_look_up, True, "KeyError"),
        (fails_behind_ours, True, "InUseError: another run holds the prepared set"),
        (fails_at_the_file, False, "line 3, column age: a number is not allowed"),
    ],
)
def test_an_error_leaves_a_task_without_values(
    wiring: ModuleType, caplog: pytest.LogCaptureFixture, fails: Callable[[], None], retried: bool, told: str
) -> None:
    error = left(wiring, fails)
    assert isinstance(error, wiring.TaskError if retried else AirflowFailException)
    assert told in str(error)
    wiring.say_why({"exception": error, "ti": type("Ti", (), {"task_id": "cargar_csv"})})
    assert "cargar_csv failed: " in caplog.text and told in caplog.text
    assert SENTINEL not in "".join(traceback.format_exception(error)) + caplog.text


def test_where_a_librarys_error_came_from_is_in_the_log(wiring: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    left(wiring, fails_in_a_look_up)
    assert "in fails_in_a_look_up" in caplog.text


@pytest.mark.parametrize("kind", [AirflowSkipException, AirflowFailException])
def test_what_airflow_itself_raises_goes_through(wiring: ModuleType, kind: type[AirflowException]) -> None:
    assert type(left(wiring, lambda: _raise(kind("as it is")))) is kind


def _raise(error: Exception) -> None:
    raise error


def test_every_task_that_reads_rows_works_within_it() -> None:
    tasks = [
        node
        for path in sorted((ROOT / "dags").glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and _is_task(node)
    ]
    assert len(tasks) == 9
    for task in tasks:
        assert _is_plain(task) or _within(task), task.name


def _is_task(node: ast.FunctionDef) -> bool:
    return any(ast.unparse(each).startswith("task") for each in node.decorator_list)


def _is_plain(task: ast.FunctionDef) -> bool:
    """Whether a task uses nothing but what it was given."""
    return not any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(task))


def _within(task: ast.FunctionDef) -> bool:
    """Whether it works in the one block."""
    return [ast.unparse(node.items[0].context_expr) for node in task.body if isinstance(node, ast.With)] == [
        "without_retry()"
    ]
