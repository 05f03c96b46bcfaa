"""`kill -9` at the worst moments: what was answered gets into the table once, and nothing else that was not begun."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from connections.settings import Settings
from readmission.storage.databases import initialise
from tests.conftest import ROOT, Poll
from tests.integration.app_back.log import faults
from tests.integration.app_back.log.rows import ids, in_table, quick, rows, started

Ran = Callable[..., "subprocess.Popen[str]"]


def begin(settings: Settings, *arguments: object) -> "subprocess.Popen[str]":
    """Starts the program that is killed."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.integration.app_back.log.ends_at", *map(str, arguments)],
        env={"PATH": os.environ["PATH"], "READMISSION_ENV_FILE": "", **settings.as_environment()},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def told(process: "subprocess.Popen[str]") -> tuple[set[str], set[str]]:
    """The ids that were begun, and those that were answered, by a process that was killed."""
    said, _ = process.communicate(timeout=60)
    assert process.returncode == -9, said
    lines = [line.split() for line in said.splitlines()]
    begun, answered = ({each for word, each in lines if word == kind} for kind in ("begun", "answered"))
    return begun, answered


@pytest.fixture
def there(settings: Settings) -> Settings:
    """Databases that are there, and a short wait for them."""
    initialise(settings)
    return quick(settings)


def left(settings: Settings) -> list[str]:
    """The files in the journal's folder."""
    return [path.name for path in (settings.state_dir / "serving/journal").iterdir()]


MOMENTS = {
    "before the sync": ("fdatasync", "before", 2, 3),
    "between sync and answer": ("fdatasync", "after", 2, 3),
    "in the middle of a write": ("pwrite", "within", 2, 3),
    "before the first write": ("pwrite", "before", 1, 0),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_worker_that_is_killed_while_it_writes_the_journal(
    there: Settings, moment: str, poll: Poll, caplog: pytest.LogCaptureFixture
) -> None:
    call, when, turn, expected = MOMENTS[moment]
    with faults.no_table(there):
        begun, answered = told(begin(there, call, when, turn, 5, 3))
    assert len(answered) == expected and len(begun) == expected + 3
    with started(there) as log:
        poll(lambda: log.state().rows == 0, deadline=20, every=0.02)
        kept = in_table(there)
        assert log.probe().problems == ()
    # The group that was being written is there whole, or not at all.
    assert set(kept) in (answered, begun) and (set(kept) == answered or when != "within")
    assert set(kept.values()) <= {1}
    assert left(there) == []
    assert ("ends in a write that broke off unanswered" in caplog.text) == (when == "within")


def test_a_batch_that_a_kill_broke_off_leaves_no_row(there: Settings, poll: Poll) -> None:
    with faults.no_table(there):
        begun, answered = told(begin(there, "pwrite", "within", 2, 2, 5_000))
    assert (len(begun), len(answered)) == (10_000, 5_000)
    with started(there) as log:
        poll(lambda: log.state().rows == 0, deadline=20, every=0.02)
    assert set(in_table(there)) == answered and left(there) == []


def test_a_worker_that_is_killed_between_the_drained_commit_and_the_files_end(there: Settings, poll: Poll) -> None:
    with ExitStack() as stack:
        stack.enter_context(faults.no_table(there))
        process = begin(there, "unlink", "before", 1, 4, 3)
        # Path.unlink goes through os.unlink: the trial of the folder is the first.
        _, answered = told(process)
        assert not answered
        process = begin(there, "unlink", "before", 2, 4, 3)
        folder = there.state_dir / "serving/journal"
        poll(lambda: sum(path.read_bytes().count(b"\n") for path in folder.glob("*.rows")) == 4)
    _, answered = told(process)
    assert len(answered) == 12
    assert set(in_table(there)) == answered and len(left(there)) == 1
    with started(there) as log:
        poll(lambda: log.state().rows == 0, deadline=20, every=0.02)
    assert set(in_table(there)) == answered and set(in_table(there).values()) == {1}
    assert left(there) == []


def test_what_a_killed_worker_left_is_adopted_by_one_that_runs(there: Settings, poll: Poll) -> None:
    with started(there) as other:
        with faults.no_table(there):
            _, answered = told(begin(there, "pwrite", "before", 4, 5, 3))
            assert len(answered) == 9 and other.state().rows == 0
            assert other.waiting() == 9
        poll(lambda: set(in_table(there)) == answered, deadline=30)
        assert left(there) == []


def test_two_workers_drain_what_is_their_own(there: Settings, poll: Poll) -> None:
    with started(there) as one, started(there) as other:
        mine, theirs = rows(300), rows(500)
        with faults.no_table(there):
            assert (one.writer().write(mine), other.writer().write(theirs)) == ("journal", "journal")
            assert (one.state().rows, other.state().rows) == (300, 500)
            assert one.waiting() == other.waiting() == 800
        poll(lambda: one.state().rows == other.state().rows == 0, deadline=20, every=0.02)
        assert in_table(there) == ids(mine) + ids(theirs)
        assert left(there) == []
