"""What counts as ready of a workload, and what people read of it."""

import pytest

from k8s.commands.workloads import Workload


@pytest.mark.parametrize(
    ("kind", "wanted", "ready", "is_ready", "state"),
    [
        ("Deployment", 2, 2, True, "2/2 ready"),
        ("Deployment", 2, 1, False, "1/2 ready, api: CrashLoopBackOff"),
        ("StatefulSet", 0, 0, False, "scaled to 0: nothing of it runs; `make k8s-up` gives it a pod"),
        ("Job", 1, 1, True, "done"),
        ("Job", 1, 0, False, "api: CrashLoopBackOff"),
    ],
)
def test_ready_is_all_of_some_pods(kind: str, wanted: int, ready: int, is_ready: bool, state: str) -> None:
    one = Workload(kind, "api", wanted, ready, "api: CrashLoopBackOff")
    assert (one.is_ready, one.state) == (is_ready, state)
