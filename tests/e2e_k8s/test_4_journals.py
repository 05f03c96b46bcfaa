"""Pods of the service go while MySQL is away; what they have answered comes to the table when both are back."""

import json
from collections.abc import Iterator

import pytest

from k8s.commands import journals
from k8s.commands.kubectl import kubectl, objects
from k8s.commands.workloads import workloads
from tests.conftest import Poll
from tests.e2e_k8s.cluster import Cluster, get
from tests.e2e_k8s.under_load import load
from tests.outside.answers import Comparison, Outcome, compare, rows_of
from tests.outside.figures import Figures

pytestmark = pytest.mark.usefixtures("pipeline")

AT_ONCE, PAUSE = 4, 0.1
READY_SECONDS, DRAINED_SECONDS = 240.0, 240.0


@pytest.fixture
def _as_before(poll: Poll) -> Iterator[None]:
    fewest, most = (get("hpa/api")["spec"][key] for key in ("minReplicas", "maxReplicas"))
    poll(lambda: _ready("api") and _ready("mysql"), READY_SECONDS, every=1)
    yield
    kubectl("scale", "statefulset/mysql", "--replicas=1")
    _scale(fewest, most)
    poll(lambda: _ready("api") and _ready("mysql"), READY_SECONDS, every=1)


@pytest.mark.usefixtures("_as_before")
def test_no_row_is_lost_when_pods_go_while_mysql_is_away(cluster: Cluster, poll: Poll, figures: Figures) -> None:
    fewest, most = (get("hpa/api")["spec"][key] for key in ("minReplicas", "maxReplicas"))
    with load(AT_ONCE, PAUSE) as outcome:
        kubectl("scale", "statefulset/mysql", "--replicas=0")
        poll(lambda: len(_waiting()) >= fewest, 120, every=1)
        kubectl("delete", "pod/api-0", "--wait=true", timeout=150)
        poll(lambda: _ready("api"), READY_SECONDS, every=1)
        _scale(1, 1)
        poll(lambda: _pods() == ["api-0"], READY_SECONDS, every=1)
    assert (outcome.failed, outcome.refused) == ([], [])
    assert any(line.startswith("state-api-1: its pod is not there") for line in journals.waiting())
    kubectl("scale", "statefulset/mysql", "--replicas=1")
    poll(lambda: _ready("mysql"), READY_SECONDS, every=1)
    cluster.close("mysql", "api")
    _scale(fewest, most)
    poll(lambda: not _compared(cluster, outcome).lost and _waiting() == [], DRAINED_SECONDS, every=2)
    found = _compared(cluster, outcome)
    assert found.holds, found
    assert outcome.logged["journal"] > 0
    figures["answered_while_mysql_was_away"] = f"{outcome.logged['journal']} of {found.answered}, all logged"


def _scale(fewest: int, most: int) -> None:
    """The autoscaler decides: it is told."""
    kubectl("patch", "hpa/api", "--patch", json.dumps({"spec": {"minReplicas": fewest, "maxReplicas": most}}))


def _compared(cluster: Cluster, outcome: Outcome) -> Comparison:
    return compare(outcome, rows_of(cluster.database("api", "RAW_DATA"), outcome))


def _waiting() -> list[str]:
    return [line for line in journals.waiting() if "wait in its journal" in line]


def _pods() -> list[str]:
    return sorted(pod["metadata"]["name"] for pod in objects("pods", selector=journals.SERVICE))


def _ready(name: str) -> bool:
    return any(one.name == name and one.is_ready for one in workloads())
