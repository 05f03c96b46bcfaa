"""A database file is never made by opening it, and is not used once it is another one."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from connections.sqlite_files import DatabaseFileError, create, engine_of, watched


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "databases" / "RAW_DATA.db"
    create(found)
    return found


@pytest.fixture
def engine(path: Path) -> Engine:
    """An engine whose pool holds a connection, over a table with one row."""
    used = engine_of(path)
    with used.begin() as connection:
        connection.execute(text("CREATE TABLE t (n INTEGER)"))
        connection.execute(text("INSERT INTO t VALUES (1)"))
    return used


def rows(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM t")).scalar_one())


def another(path: Path) -> bytes:
    create(path.with_name("other.db"))
    return path.with_name("other.db").read_bytes()


def replaced(path: Path) -> None:
    path.with_name("other.db").write_bytes(another(path))
    os.replace(path.with_name("other.db"), path)


def removed_and_made_anew(path: Path) -> None:
    """Its inode would be given to the new file if nobody held it."""
    path.unlink()
    create(path)


HARM: dict[str, tuple[Callable[[Path], object], str]] = {
    "moved": (lambda path: path.rename(path.with_name("aside")), "was moved or removed"),
    "removed": (lambda path: path.unlink(), "was moved or removed"),
    "folder": (lambda path: path.parent.rename(path.parent.with_name("aside")), "was moved or removed"),
    "replaced": (replaced, "was replaced by another file"),
    "anew": (removed_and_made_anew, "was replaced by another file"),
    "emptied": (lambda path: path.write_bytes(b""), "was cut short or overwritten"),
    "no database": (lambda path: path.write_bytes(b"x" * 8_192), "was cut short or overwritten"),
    "overwritten": (lambda path: path.write_bytes(another(path)), "was overwritten with another database"),
    "log": (lambda path: path.with_name("RAW_DATA.db-wal").unlink(), "lost its log"),
}


@pytest.mark.parametrize("harm", HARM)
def test_harm_is_noticed_at_the_next_use_and_names_the_file_and_the_cure(engine: Engine, path: Path, harm: str) -> None:
    # Its rows leave the log, so that the file alone holds them.
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    harmful, what = HARM[harm]
    harmful(path)
    with pytest.raises(DatabaseFileError) as refused:
        rows(engine)
    assert refused.value.reason.startswith(f"the database file RAW_DATA.db {what}")
    assert "put back what was there, or restart this process" in refused.value.reason
    assert str(path.parent) in str(refused.value) and str(path.parent) not in refused.value.reason


def test_it_is_noticed_before_a_commit_too(engine: Engine, path: Path) -> None:
    with pytest.raises(DatabaseFileError, match="moved or removed"), engine.begin() as connection:
        connection.execute(text("INSERT INTO t VALUES (2)"))
        path.rename(path.with_name("aside"))
    path.with_name("aside").rename(path)
    assert rows(engine) == 1


def test_it_goes_on_when_the_file_is_back(engine: Engine, path: Path) -> None:
    path.rename(path.with_name("aside"))
    for _ in range(3):
        with pytest.raises(DatabaseFileError):
            rows(engine)
    assert not path.exists()
    path.with_name("aside").rename(path)
    assert rows(engine) == 1


def test_a_lost_log_is_left_behind_once_no_connection_writes_to_it(engine: Engine, path: Path) -> None:
    with engine.connect() as reader:
        assert reader.execute(text("SELECT count(*) FROM t")).scalar_one() == 1
        path.with_name("RAW_DATA.db-wal").unlink()
        for _ in range(3):  # a new connection would share the lost log's index with the reader's
            with pytest.raises(DatabaseFileError, match="lost its log"):
                rows(engine)
    with pytest.raises(DatabaseFileError, match="lost its log"):
        rows(engine)
    assert rows(engine) == 1


def test_opening_makes_no_file(tmp_path: Path) -> None:
    path = tmp_path / "databases" / "RAW_DATA.db"
    engine = engine_of(path)
    with pytest.raises(DatabaseFileError, match=r"there is no database file RAW_DATA\.db: run the DAG crear_bases"):
        rows(engine)
    assert list(tmp_path.iterdir()) == []


def test_making_it_again_changes_nothing(engine: Engine, path: Path) -> None:
    before = path.read_bytes()[68:72]
    create(path)
    assert path.read_bytes()[68:72] == before != bytes(4)
    assert rows(engine) == 1


def test_many_that_make_it_at_once_wait_for_each_other(tmp_path: Path) -> None:
    """Without a lock a few in a thousand are told that the database is locked."""
    with ThreadPoolExecutor(8) as threads:
        for number in range(150):
            list(threads.map(create, [tmp_path / f"{number}.db"] * 8))


def test_closing_writes_nothing_into_a_file_that_was_emptied(path: Path) -> None:
    """The last connection's end would bring back the pages that the log holds, and nothing else of the database."""
    file = watched(path)
    connection = file.connect()
    connection.execute("CREATE TABLE t (n INTEGER)")
    connection.commit()
    kept = path.read_bytes()
    path.write_bytes(b"")
    file.close(connection)
    assert path.read_bytes() == b""
    path.write_bytes(kept)
    other = file.connect()
    assert other.execute("SELECT count(*) FROM t").fetchone() == (0,)
    file.close(other)
