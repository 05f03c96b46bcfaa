"""Every overlay keeps to every rule, and every rule is broken by what it is there to find."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from k8s.commands.manifests import TASK_POD, task_pod
from tests.unit.k8s import environment_rules, network_rules, pod_rules, reference_rules
from tests.unit.k8s.breaks import BROKEN, GONE, Break
from tests.unit.k8s.objects import Manifests, Rule

RULES = (*pod_rules.RULES, *reference_rules.RULES, *network_rules.RULES, *environment_rules.RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_overlay_keeps_to(rule: Rule, manifests: Manifests) -> None:
    assert list(rule(manifests)) == []


@pytest.mark.parametrize("one", BROKEN, ids=lambda one: f"{one.rule.__name__}-{one.told}")
def test_a_rule_finds(one: Break, overlay: Callable[[str], Manifests]) -> None:
    manifests = overlay("production")
    if one.kind == "task":
        _with_task(manifests, one)
    else:
        _put(_found(manifests, one), one)
    assert manifests != overlay("production")
    assert [told for told in one.rule(manifests) if one.told in told] != []


def test_no_rule_is_without_what_breaks_it() -> None:
    assert {one.rule for one in BROKEN} == set(RULES)


def _found(manifests: Manifests, one: Break) -> dict[str, Any]:
    (found,) = (each for each in manifests if (each["kind"], each["metadata"]["name"]) == (one.kind, one.name))
    return found


def _with_task(manifests: Manifests, one: Break) -> None:
    for manifest in manifests:
        if task := task_pod(manifest):
            _put(task, one)
            manifest["data"][TASK_POD[1]] = yaml.safe_dump(task)


def _put(place: Any, one: Break) -> None:
    *way, last = [int(key) if key.isdigit() else key for key in one.path.split()]
    for key in way:
        place = place[key]
    if one.value is GONE:
        del place[last]
    else:
        place[last] = one.value
