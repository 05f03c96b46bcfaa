"""Who reaches whom: nobody, but for those whom a policy names. A line for each that breaks it."""

from collections.abc import Iterator
from typing import Any

from tests.unit.k8s.objects import NAME, Manifests, Pod, of_kind, pods


def denied_by_default(manifests: Manifests) -> Iterator[str]:
    """One policy takes everything from every pod, but for the names that it may ask for."""
    spec = of_kind(manifests, "NetworkPolicy")["default-deny"]["spec"]
    if spec["podSelector"] != {} or set(spec["policyTypes"]) != {"Ingress", "Egress"} or spec.get("ingress"):
        yield "default-deny leaves something open"
    if {port["port"] for rule in spec["egress"] for port in rule["ports"]} != {53}:
        yield "default-deny lets out more than questions for names"


def policies(manifests: Manifests) -> Iterator[str]:
    """A policy's pods are there, it says what it lets through, and it has no rule that lets everything through."""
    found = pods(manifests)
    for name, policy in of_kind(manifests, "NetworkPolicy").items():
        spec = policy["spec"]
        chosen = spec["podSelector"]
        if name != "default-deny" and not any(selects(chosen, pod) for pod in found):
            yield f"{name}: selects no pod"
        yield from (f"{name}: {one} names nobody" for one in _values(chosen) - {pod.labels[NAME] for pod in found})
        for rule in (*spec.get("ingress", ()), *spec.get("egress", ())):
            if not rule:
                yield f"{name}: lets everything through"
        for rule in spec.get("ingress", ()):
            if not rule.get("from"):
                yield f"{name}: lets everybody in"


def _values(selector: dict[str, Any]) -> set[str]:
    return {value for one in selector.get("matchExpressions", ()) for value in one["values"]}


def selects(selector: dict[str, Any], pod: Pod) -> bool:
    """Whether a selector of labels, or of names among some, is about a pod."""
    among = all(pod.labels.get(one["key"]) in one["values"] for one in selector.get("matchExpressions", ()))
    return among and selector.get("matchLabels", {}).items() <= pod.labels.items()


def networks(manifests: Manifests) -> Iterator[str]:
    """Each network that a pod is a member of has a policy, by which its members reach each other and nobody else."""
    there = of_kind(manifests, "NetworkPolicy")
    used = {label for pod in pods(manifests) for label in pod.labels if label.startswith("network/")}
    for label in sorted(used):
        members = {"podSelector": {"matchLabels": {label: "member"}}}
        wanted = {
            **members,
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [members]}],
            "egress": [{"to": [members]}],
        }
        if there.get(label.replace("/", "-"), {}).get("spec") != wanted:
            yield f"{label}: no policy of its members alone"


RULES = (denied_by_default, policies, networks)
