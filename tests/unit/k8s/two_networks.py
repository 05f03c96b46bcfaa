"""Compose's networks, ports, commands and mounted files, beside those of the manifests. A line for each difference."""

from collections.abc import Iterator
from typing import Any

from k8s.commands.reach import DOORS
from tests.conftest import ROOT
from tests.unit.k8s.explained import (
    COMMANDS_DIFFER,
    DOCKERS_FILES,
    DOCKERS_NETWORKS,
    DOCKERS_VOLUMES,
    GOVERNING,
    ONLY_IN_THE_CLUSTER,
)
from tests.unit.k8s.objects import Manifests, Pod, of_kind
from tests.unit.k8s.two_sides import Compose, interpolated, pairs

LABEL = "network/"


def networks(compose: Compose, manifests: Manifests) -> Iterator[str]:
    """Pods are members of their services' networks, and each network has a policy."""
    policies = {name.removeprefix("network-") for name in of_kind(manifests, "NetworkPolicy") if name[:8] == "network-"}
    there = compose["networks"].keys() - DOCKERS_NETWORKS
    yield from (f"network {name}: on one side alone" for name in sorted(policies ^ there))
    for name, service, pod, container in pairs(compose, manifests):
        member = {label.removeprefix(LABEL) for label in pod.labels if label.startswith(LABEL)}
        own = set(service["networks"]) - DOCKERS_NETWORKS
        runs_first = container not in pod.spec["containers"] and own < member  # on its pod's networks
        if member != own and not runs_first:
            yield f"{name}: on {sorted(own)} in Compose, on {sorted(member)} on Kubernetes"


def ports(compose: Compose, manifests: Manifests) -> Iterator[str]:
    """What Compose publishes has a Service, at the same port, and `make k8s-forward` opens pages where Compose does."""
    for name, service, pod, _container in pairs(compose, manifests):
        published = dict(map(_ports, service.get("ports", ())))
        led_to = _of_services(pod, manifests)
        if name != "airflow-init" and set(published) != led_to - ONLY_IN_THE_CLUSTER.get(name, set()):
            yield f"{name}: {sorted(published)} are published in Compose, {sorted(led_to)} have a Service"
        for door in (door for door in DOORS if door.service.removesuffix("-console") == name):
            if published.get(door.port) != door.local:
                yield f"{door.title}: Compose has it at {published.get(door.port)}, make k8s-forward at {door.local}"


def _ports(published: str) -> tuple[int, int]:
    """The port in the container, and the one of this machine that leads to it."""
    _address, outside, inside = interpolated(published).split(":")
    return int(inside), int(outside)


def _of_services(pod: Pod, manifests: Manifests) -> set[int]:
    numbers = {port.get("name"): port["containerPort"] for one in pod.containers for port in one.get("ports", ())}
    leading = (
        one["spec"]
        for name, one in of_kind(manifests, "Service").items()
        if name not in GOVERNING and one["spec"]["selector"].items() <= pod.labels.items()
    )
    listed = [port for spec in leading for port in spec["ports"]]
    return {port["port"] for port in listed if numbers.get(port["targetPort"]) == port["port"]}


def commands(compose: Compose, manifests: Manifests) -> Iterator[str]:
    """What Compose tells a program when it starts it, its container is told too."""
    for name, service, _pod, container in pairs(compose, manifests):
        if "command" in service and name not in COMMANDS_DIFFER and container.get("args") != service["command"]:
            yield f"{name}: {service['command']} in Compose, {container.get('args')} on Kubernetes"


def kept(compose: Compose, manifests: Manifests) -> Iterator[str]:
    """What outlives a container there, in a named volume, is in a claim or a Secret here, in the same folder."""
    for name, service, pod, container in pairs(compose, manifests):
        volumes = compose["volumes"].keys() - DOCKERS_VOLUMES
        named = {one.split(":")[1] for one in service.get("volumes", ()) if one.split(":")[0] in volumes}
        if named and not named <= (claimed := _claimed(pod, container, manifests)):
            yield f"{name}: {sorted(named)} are kept in Compose, {sorted(claimed)} on Kubernetes"


def _claimed(pod: Pod, container: dict[str, Any], manifests: Manifests) -> set[str]:
    made = of_kind(manifests, pod.kind).get(pod.owner, {}).get("spec", {}).get("volumeClaimTemplates", ())
    claims = {one["metadata"]["name"] for one in made}
    claims |= {one["name"] for one in pod.spec.get("volumes", ()) if {"persistentVolumeClaim", "secret"} & one.keys()}
    return {one["mountPath"] for one in container.get("volumeMounts", ()) if one["name"] in claims}


def first_start(compose: Compose, manifests: Manifests) -> Iterator[str]:
    """MySQL starts with the same files at the same places."""
    for name, service, pod, container in pairs(compose, manifests):
        if name != "mysql":
            continue
        mounted = (one.split(":")[1::-1] for one in service["volumes"] if one.startswith("./"))
        files = {path: file for path, file in mounted if file not in DOCKERS_FILES}
        maps = {one["name"]: one["configMap"]["name"] for one in pod.spec["volumes"] if "configMap" in one}
        there = {
            f"{mount['mountPath']}/{key}": text
            for mount in container["volumeMounts"]
            if mount["name"] in maps
            for key, text in of_kind(manifests, "ConfigMap")[maps[mount["name"]]]["data"].items()
        }
        for path in sorted(files.keys() | there.keys()):
            if path not in files or (ROOT / files[path]).read_text(encoding="utf-8") != there.get(path):
                yield f"{name}: {path} is not the same"
