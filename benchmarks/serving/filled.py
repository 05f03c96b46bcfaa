"""The rate into a table that holds millions of predictions, as a share of the rate into the empty one."""

from benchmarks.serving.rounds import Series, Told, load
from benchmarks.serving.subjects import Subject
from benchmarks.stores import MySql

_CLIENTS = (16, 64)
_LEAST_SHARE = 0.8
_CHUNK = 100_000
# One row that was logged, so many times, with ids as UUIDv7 gives them: milliseconds first, here one a row of the past.
_FILL = """
SET SESSION sql_log_bin = 0;
SET SESSION cte_max_recursion_depth = {chunk};
INSERT INTO predictions (prediction_id, created_at, encounter_ref, {copied})
WITH RECURSIVE numbers (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {first} + {chunk})
SELECT CONCAT(INSERT(LOWER(LPAD(HEX(1700000000000 + n), 12, "0")), 9, 0, "-"), "-7", SUBSTR(SHA2(n, 256), 1, 3), "-8",
  SUBSTR(SHA2(n, 256), 4, 3), "-", SUBSTR(SHA2(n, 256), 7, 12)), FROM_UNIXTIME(1700000000 + n / 1000), NULL, {copied}
FROM numbers JOIN (SELECT * FROM predictions ORDER BY created_at DESC LIMIT 1) AS one;
"""
_OTHER = "other_predictions"
_EXCHANGE = f"RENAME TABLE predictions TO moved, {_OTHER} TO predictions, moved TO {_OTHER}"
_COPIED = "inputs, prediction, probability, threshold, model_name, model_version, dataset"


def compare_filled(subject: Subject, rows: int, rounds: int, seconds: float, told: Told) -> list[tuple[bool, str]]:
    """Measures the service on a table of so many rows and on an empty one in turn; a line a number of clients."""
    assert subject.database is not None
    as_root = subject.database.stack.as_root
    fill(subject.database, rows, told)
    as_root(f"CREATE TABLE {_OTHER} LIKE predictions")
    full, empty = Series(), Series()
    for number in range(rounds):
        for series, what in ((full, f"a table of {rows:,} rows"), (empty, "an empty table")):
            told(f"round {number + 1} of {rounds}: {what}")
            for clients in _CLIENTS:
                load(subject, series, clients, seconds)
            as_root(_EXCHANGE)
        as_root(f"TRUNCATE {_OTHER}")
    lines = [_verdict(empty, full, clients, rows) for clients in _CLIENTS]
    return lines + [(False, f"FAIL: {problem}") for problem in empty.problems + full.problems]


def fill(database: MySql, rows: int, told: Told) -> None:
    """Fills the table in chunks of 100,000 rows, with copies of one that is there."""
    for first in range(0, rows, _CHUNK):
        chunk = min(_CHUNK, rows - first)
        database.stack.as_root(_FILL.format(first=first, chunk=chunk, copied=_COPIED))
        if first % 1_000_000 == 0:
            told(f"filling the table: {first:,} of {rows:,} rows")


def _verdict(empty: Series, full: Series, clients: int, rows: int) -> tuple[bool, str]:
    share = full.rate(clients) / empty.rate(clients)
    holds = share >= _LEAST_SHARE
    rates = f"{full.rate(clients):,.0f} req/s into {rows:,} rows, {empty.rate(clients):,.0f} into none"
    return (
        holds,
        f"{'pass' if holds else 'FAIL'}: {clients} clients: {rates}: {share:.2f} x (at least {_LEAST_SHARE} x)",
    )
