"""Pods of the prediction service end, roll and crash under load; what was answered is logged."""

import pytest

from k8s.commands.kubectl import kubectl, objects
from k8s.commands.workloads import workloads
from tests.conftest import Poll
from tests.e2e_k8s import crash
from tests.e2e_k8s.cluster import Cluster
from tests.e2e_k8s.under_load import load
from tests.outside.answers import Outcome, compare, rows_of
from tests.outside.figures import Figures

pytestmark = pytest.mark.usefixtures("pipeline")

API = "app.kubernetes.io/name=api"
AT_ONCE, PAUSE = 4, 0.1


@pytest.fixture(autouse=True)
def _all_are_ready(poll: Poll) -> None:
    poll(lambda: _is_ready("api"), deadline=180, every=1)


def test_a_pod_that_is_deleted_fails_no_request(cluster: Cluster, poll: Poll, figures: Figures) -> None:
    (first, *_), before = sorted(_pods()), _pods()
    with load(AT_ONCE, PAUSE) as outcome:
        kubectl("delete", f"pod/{first}", "--wait=false")
        poll(lambda: _pods().get(first, before[first]) != before[first] and _is_ready("api"), deadline=120, every=1)
    cluster.close("api")
    _assert_nothing_failed(outcome)
    _assert_all_are_logged(cluster, outcome)
    figures["answered_while_a_pod_was_deleted"] = len(outcome.answered)


def test_a_rolling_update_fails_no_request(cluster: Cluster, poll: Poll, figures: Figures) -> None:
    before = set(_pods().values())
    with load(AT_ONCE, PAUSE) as outcome:
        kubectl("rollout", "restart", "statefulset/api")
        poll(lambda: not before & set(_pods().values()) and _is_ready("api"), deadline=240, every=1)
    cluster.close("api")
    _assert_nothing_failed(outcome)
    _assert_all_are_logged(cluster, outcome)
    figures["answered_during_the_rolling_update"] = len(outcome.answered)


def test_a_pod_that_is_killed_breaks_only_what_was_in_flight(cluster: Cluster, poll: Poll, figures: Figures) -> None:
    (first, *_) = sorted(_pods())
    before = crash.restarts(first)
    with load(AT_ONCE, PAUSE) as outcome:
        crash.kill(first)
        poll(lambda: crash.restarts(first) > before and _is_ready("api"), deadline=120, every=1)
    cluster.close("api")
    assert len(outcome.failed) <= AT_ONCE, outcome.failed
    _assert_all_are_logged(cluster, outcome)
    figures["broken_by_sigkill"] = f"{len(outcome.failed)} of {len(outcome.answered)}"
    figures["connections_tried_again_after_sigkill"] = len(outcome.refused)


def _pods() -> dict[str, str]:
    """The pods by name, which one that follows another has too, with what tells them apart."""
    return {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in objects("pods", selector=API)}


def _is_ready(name: str) -> bool:
    return any(one.name == name and one.is_ready for one in workloads())


def _assert_nothing_failed(outcome: Outcome) -> None:
    assert (outcome.failed, outcome.refused) == ([], [])
    assert len(outcome.answered) > 100


def _assert_all_are_logged(cluster: Cluster, outcome: Outcome) -> None:
    found = compare(outcome, rows_of(cluster.database("api", "RAW_DATA"), outcome))
    assert found.holds, found
