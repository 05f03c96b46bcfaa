"""What is told of a failure in logs: never what a library says of a row, since it may quote a patient's values.

The platform's own errors are written to be told. Of others the kind is told and the places in the code, and the words
only where they are of connections, files and tables.
"""

import logging
import sqlite3
import sys
import threading
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any

_OURS = frozenset({"app_back", "app_front", "compose", "connections", "k8s", "readmission", "supply", "wiring"})
# Libraries that speak of addresses and connections; what a server answered stands behind these words.
_OF_CONNECTIONS = frozenset({"airflow", "httpcore", "httpx", "mlflow", "requests", "urllib3"})
_ANSWERED = ("Response body:", "Response:")
# MySQL's errors of accounts, tables, locks, disks and modes; the client's own, from 2000, are of connections.
_OF_TABLES = frozenset(
    {
        *(1021, 1040, 1044, 1045, 1049, 1050, 1051, 1053, 1054, 1114, 1142, 1143, 1146, 1148),
        *(1205, 1213, 1227, 1290, 1410, 1419, 1792, 1836, 1878, 3675, 3948),
    }
)
_OF_THE_CLIENT = range(2000, 3000)


def words(error: BaseException) -> str:
    """What an error says, as far as no value of a row can be in it; else its kind."""
    database = getattr(error, "orig", None)
    if _package(error) in _OURS:
        return str(error)
    if isinstance(database, BaseException):
        return words(database)
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error)
    if _package(error) == "pymysql":
        return _of_mysql(error)
    return _of_others(error)


def _of_others(error: BaseException) -> str:
    said = str(error)
    if _package(error) in _OF_CONNECTIONS:
        for mark in _ANSWERED:
            said = said.partition(mark)[0].rstrip()
        return said or type(error).__name__
    told = isinstance(error, ConnectionError) or (isinstance(error, OSError) and error.errno is not None)
    return said if told else type(error).__name__


def _package(error: BaseException) -> str:
    return type(error).__module__.partition(".")[0]


def _of_sqlite(error: sqlite3.Error) -> str:
    # What it quotes is a part of the statement.
    said = str(error)
    return f"SQLite's {_name(error)}" if '"' in said or "'" in said else said


def _of_mysql(error: BaseException) -> str:
    code, said = (*error.args, None, None)[:2]
    if isinstance(code, int) and (code in _OF_TABLES or code in _OF_THE_CLIENT):
        return f"{said} (MySQL error {code})"
    return f"MySQL error {code}" if isinstance(code, int) else f"MySQL's {type(error).__name__}"


def _name(error: sqlite3.Error) -> str:
    return str(getattr(error, "sqlite_errorname", type(error).__name__))


def named(error: BaseException) -> str:
    """The kind of an error, and its words."""
    kind, said = type(error).__name__, words(error)
    return kind if said == kind else f"{kind}: {said}"


def trace(error: BaseException) -> str:
    """Where an error and what led to it came from, as Python tells it, in `words`."""
    told = []
    for each in _chain(error):
        told += ["Traceback (most recent call last):\n", *traceback.format_tb(each.__traceback__), f"{named(each)}\n"]
    return "".join(told).rstrip("\n")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error behind what it was raised from or in, and behind those that it is a group of."""
    found: list[BaseException] = []
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.append(each)
            behind = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
            waiting += [*getattr(each, "exceptions", ()), *([behind] if behind else [])]
    return reversed(found)


def keep_values_out() -> None:
    """Has every log line of this process, whoever writes it, and what ends it or a thread, tell errors in this way."""
    make = logging.getLogRecordFactory()
    if make is not _record:
        _record.make = make  # type: ignore[attr-defined]
        logging.setLogRecordFactory(_record)
    sys.excepthook = _ended
    if threading.excepthook is threading.__excepthook__:  # a test's own notices what its threads do
        threading.excepthook = _thread_ended


def _record(*args: Any, **more: Any) -> logging.LogRecord:
    record: logging.LogRecord = _record.make(*args, **more)  # type: ignore[attr-defined]
    if isinstance(record.args, tuple):
        record.args = tuple(words(each) if isinstance(each, BaseException) else each for each in record.args)
    if record.exc_info and record.exc_info[1] is not None:
        # Of the message the first line: further ones are often the error's own.
        record.msg, record.args = record.getMessage().partition("\n")[0], ()
        record.exc_text, record.exc_info = trace(record.exc_info[1]), None
    return record


def _ended(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    sys.stderr.write(f"{trace(error)}\n")


def _thread_ended(ended: "threading.ExceptHookArgs") -> None:
    if ended.exc_value is not None and not isinstance(ended.exc_value, SystemExit):
        name = ended.thread.name if ended.thread else "?"
        logging.getLogger(__name__).critical("the thread %s ended", name, exc_info=ended.exc_value)
