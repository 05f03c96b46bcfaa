"""Every overlay keeps to every rule, and every rule is broken by what it is there to find."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.unit.k8s import environment_rules, network_rules, pod_rules, reference_rules
from tests.unit.k8s.objects import Manifests, Rule, of_kind

RULES = (*pod_rules.RULES, *reference_rules.RULES, *network_rules.RULES, *environment_rules.RULES)
Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_overlay_keeps_to(rule: Rule, manifests: Manifests) -> None:
    assert list(rule(manifests)) == []
