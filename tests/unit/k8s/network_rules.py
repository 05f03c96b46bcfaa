"""Who reaches whom: nobody, but for those whom a policy names. A line for each that breaks it."""

import re
from collections.abc import Iterator
from typing import Any

from tests.unit.k8s.objects import NAME, Manifests, Pod, environment, of_kind, pods


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


def addresses(manifests: Manifests) -> Iterator[str]:
    """Each address that a pod is given is a Service in one of its networks, or outside by a policy's leave."""
    services, found = of_kind(manifests, "Service"), pods(manifests)
    for pod in found:
        for host, port in sorted(_asked_for(pod, manifests)):
            service = services.get(host, {}).get("spec")
            if service is None or service.get("type") == "ExternalName":
                if ("." not in host and service is None) or not _may_leave(pod, port, manifests):
                    yield f"{pod.owner}: nothing leads to {host}:{port}"
            elif port not in {one["port"] for one in service["ports"]}:
                yield f"{pod.owner}: {host} has no port {port}"
            elif not any(service["selector"].items() <= one.labels.items() and _share(pod, one) for one in found):
                yield f"{pod.owner}: is in no network with {host}"


def _asked_for(pod: Pod, manifests: Manifests) -> set[tuple[str, int]]:
    told = [environment(container, manifests) for container in pod.containers]
    values = [value for one in told for name, value in one.items() if name not in _OF_PEOPLE]
    asked = [found for value in values for found in _ADDRESS.findall(value)]
    return {(host, int(port or _PORTS[scheme])) for scheme, host, port in asked}


# Addresses that people's browsers open.
_OF_PEOPLE = {"AIRFLOW__API__BASE_URL", "FORM_PUBLIC_URL", "MINIO_BROWSER_REDIRECT_URL"}
_PORTS = {"http": 80, "https": 443, "mysql": 3306, "postgresql": 5432}
_ADDRESS = re.compile(r"(https?|mysql|postgresql)(?:\+\w+)?://(?:[^@/]*@)?([\w.-]+)(?::(\d+))?")


def _may_leave(pod: Pod, port: int, manifests: Manifests) -> bool:
    chosen = [
        one["spec"] for one in of_kind(manifests, "NetworkPolicy").values() if selects(one["spec"]["podSelector"], pod)
    ]
    rules = [rule for spec in chosen for rule in spec.get("egress", ()) if "to" not in rule]
    return any(port == one["port"] for rule in rules for one in rule["ports"])


def _share(pod: Pod, other: Pod) -> bool:
    return any(label in other.labels for label in pod.labels if label.startswith("network/"))


RULES = (denied_by_default, policies, networks, addresses)
