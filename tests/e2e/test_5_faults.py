"""Parts crash, vanish, lock and fill up under load: each answer is one row, and health tells what goes on meanwhile."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from readmission import clock
from tests.conftest import Poll
from tests.e2e.stack import Stack
from tests.outside import faults
from tests.outside.answers import Outcome, compare, rows_of
from tests.outside.figures import Figures
from tests.outside.health import Watched, is_drained, watched
from tests.outside.serving import ORIGINAL
from tests.outside.under_load import answers_so_far, load

pytestmark = pytest.mark.usefixtures("pipeline")

BEFORE, AFTER = 200, 400
AGAIN_SECONDS, DRAINED_SECONDS = 120.0, 120.0
# Two of the health check's intervals.
NAMED_SECONDS = 30.0
# Less than the service waits for a database.
LIVE_SECONDS = 2.0
# The service waits two seconds for a database; the machine, which builds and tests besides, may take some more.
ANSWER_SECONDS = 6.0
# A folder of another name: Compose would keep the volume that the container before had at the same one.
SMALL = """
services:
  api:
    environment: {STATE_DIR: /small}
    tmpfs: ["/small:size=64m,mode=0777"]
"""
# Never more than is there: the disk of this machine is not to be filled by mistake.
FILL = "head -c 64M /dev/zero > /small/filler 2>/dev/null; true"


@dataclass(frozen=True)
class Seen:
    """What clients and a watcher of health saw of a fault."""

    outcome: Outcome
    health: Watched


Struck = Callable[[Callable[[], None]], Seen]


@pytest.fixture
def struck(stack: Stack, poll: Poll, tmp_path: Path, figures: Figures, request: pytest.FixtureRequest) -> Struck:
    """Lets something happen under load; afterwards each answer is one row, without anybody's help."""

    def strike(fault: Callable[[], None]) -> Seen:
        seen = _under_load(stack, poll, tmp_path, fault)
        poll(lambda: is_drained(stack.address("api", 8000)), deadline=DRAINED_SECONDS, every=1)
        found = compare(seen.outcome, rows_of(stack.database("api", "RAW_DATA"), seen.outcome))
        assert found.holds, found
        assert found.logged == found.answered > BEFORE
        assert max(seen.health.live) < LIVE_SECONDS
        figures.setdefault("faults", {})[request.node.name] = {
            "answered": found.answered,
            "journal": seen.outcome.logged["journal"],
            "withheld": len(seen.outcome.statuses),
            "broken": len(seen.outcome.broken),
            "extra": found.extra,
            "slowest_answer_seconds": seen.outcome.slowest,
        }
        return seen

    return strike


def _under_load(stack: Stack, poll: Poll, folder: Path, fault: Callable[[], None]) -> Seen:
    url, name = stack.address("api", 8000), f"fault-{uuid4().hex[:8]}"
    with watched(url) as health, load(url, stack.api_key, name, ORIGINAL, folder) as outcome:
        poll(lambda: answers_so_far(folder, name) >= BEFORE, AGAIN_SECONDS)
        fault()
        since = answers_so_far(folder, name)
        poll(lambda: answers_so_far(folder, name) >= since + AFTER and _answers(stack), AGAIN_SECONDS)
    return Seen(outcome, health)


def test_the_service_is_killed(stack: Stack, struck: Struck, poll: Poll) -> None:
    before = stack.container("api")["State"]["StartedAt"]

    def crash() -> None:
        stack.crash("api")
        poll(lambda: stack.container("api")["State"]["StartedAt"] != before and _answers(stack), AGAIN_SECONDS)

    assert len(struck(crash).outcome.broken) > 0


def test_mlflow_is_killed(stack: Stack, struck: Struck, poll: Poll) -> None:
    def crash() -> None:
        stack.crash("mlflow")
        poll(lambda: stack.healthy("mlflow"), AGAIN_SECONDS, every=1)

    seen = struck(crash)
    assert (seen.outcome.failed, seen.outcome.refused) == ([], [])
    assert (seen.health.statuses, seen.health.places) == ({200}, {"database"})


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [(faults.killed, 5), (faults.stopped, 15), (faults.read_only, 10), (faults.locked, 15), (faults.unreachable, 15)],
    ids=["killed", "stopped", "read-only", "locked", "unreachable"],
)
def test_the_database_fails(stack: Stack, struck: Struck, fault: faults.Fault, seconds: float) -> None:
    seen = struck(lambda: fault(stack, seconds))
    assert (seen.outcome.failed, seen.outcome.refused) == ([], [])
    assert seen.outcome.slowest < ANSWER_SECONDS
    assert seen.outcome.logged["journal"] > 0
    assert (seen.health.statuses, seen.health.places) == ({200}, {"database", "journal"})


def test_who_does_not_reach_whom_is_named_by_status_and_log(stack: Stack, poll: Poll) -> None:
    def told() -> bool:
        return "airflow-dag-processor    postgres cannot be reached" in stack.status()

    since = clock.now().isoformat()
    assert not told()
    with ThreadPoolExecutor(1) as pool:
        parting = pool.submit(faults.parted, stack, "airflow-dag-processor", "postgres", NAMED_SECONDS)
        poll(told, NAMED_SECONDS)
        parting.result()
    poll(lambda: stack.healthy("airflow-dag-processor"), AGAIN_SECONDS, every=1)
    logged = stack.compose("logs", "--no-log-prefix", "--since", since, "airflow-dag-processor")
    assert "health check: postgres cannot be reached" in logged


@pytest.fixture
def little_room(stack: Stack, poll: Poll, tmp_path: Path) -> Iterator[None]:
    """The service with 64 MB for its journal."""
    small = tmp_path / "small.yml"
    small.write_text(SMALL, encoding="utf-8")
    stack.compose("--file", str(small), "up", "--detach", "--no-deps", "--wait", "api")
    poll(lambda: _answers(stack), AGAIN_SECONDS)
    assert "tmpfs" in stack.compose("exec", "-T", "api", "df", "/small")
    yield
    stack.compose("up", "--detach", "--no-deps", "--wait", "api")
    poll(lambda: _answers(stack), AGAIN_SECONDS)


@pytest.mark.usefixtures("little_room")
def test_the_journals_disk_is_full_while_the_database_is_away(stack: Stack, struck: Struck, poll: Poll) -> None:
    def fault() -> None:
        with _stopped(stack):
            poll(lambda: _ready(stack) == (200, "journal"), AGAIN_SECONDS)
            stack.compose("exec", "-T", "api", "sh", "-c", FILL)
            poll(lambda: _ready(stack) == (503, None), AGAIN_SECONDS)
            stack.compose("exec", "-T", "api", "rm", "/small/filler")
            poll(lambda: _ready(stack) == (200, "journal"), AGAIN_SECONDS)

    seen = struck(fault)
    assert (seen.outcome.broken, seen.outcome.refused) == ({}, [])
    assert seen.outcome.logged["journal"] > 0
    assert seen.outcome.statuses != {} and all(" 503 " in one for one in seen.outcome.statuses.values())


@contextmanager
def _stopped(stack: Stack) -> Iterator[None]:
    stack.compose("stop", "mysql")
    yield
    stack.compose("start", "mysql")


def _ready(stack: Stack) -> tuple[int, str | None]:
    answer = stack.ask("/health/ready")
    return answer.status_code, answer.json().get("log")


def _answers(stack: Stack) -> bool:
    try:
        return _ready(stack)[0] == httpx.codes.OK
    except httpx.HTTPError:
        return False
