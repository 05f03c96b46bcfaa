"""What `make k8s-status` says of journals, and what `make k8s-up` takes away of a release of before."""

from typing import Any

import pytest

from k8s.commands.journals import told_by, without_a_pod
from k8s.commands.platform import left_over

HEALTH = '{"status": "ok", "log": "journal", "waiting": 1234, "problems": ["The database cannot be reached."]}'


def _named(*names: str, kind: str = "Pod") -> list[dict[str, Any]]:
    return [{"kind": kind, "metadata": {"name": name}} for name in names]


def test_a_journal_that_waits_is_told_with_its_reason() -> None:
    told = told_by("api-1", HEALTH).told
    assert told == "api-1: 1,234 predictions wait in its journal (The database cannot be reached.)"


def test_an_empty_journal_holds_nothing() -> None:
    assert told_by("api-0", '{"status": "ok", "log": "database", "waiting": 0, "problems": []}').waiting == 0


@pytest.mark.parametrize(
    ("pods", "alone"),
    [(("api-0", "api-1", "api-2"), []), (("api-0",), ["state-api-1", "state-api-2"])],
)
def test_a_claim_whose_pod_is_gone_is_told(pods: tuple[str, ...], alone: list[str]) -> None:
    claims = _named("data-mysql-0", "state-api-2", "state-api-1", "state-api-0")
    lines = without_a_pod(_named(*pods), claims)
    assert [line.partition(":")[0] for line in lines] == alone


def test_what_serves_and_is_in_no_manifest_is_left_over() -> None:
    there = _named("api", "front", kind="Deployment") + _named("api", "mysql", kind="StatefulSet")
    wanted = {("StatefulSet", "api"), ("StatefulSet", "mysql"), ("Deployment", "front"), ("Service", "api")}
    assert left_over(wanted, there) == [("Deployment", "api")]
