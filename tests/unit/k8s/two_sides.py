"""Compose's services and the containers of the manifests, side by side. A line for each difference not explained."""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any

from connections.proxies import PROXIES
from tests.unit.k8s.explained import DIFFERENT, FEWER, MORE, ONLY_COMPOSE, ONLY_KUBERNETES, SAME
from tests.unit.k8s.objects import SAMPLES, Manifests, Pod, environment, pods, stepping_stones

Compose = dict[str, Any]
_PROXIES = {*PROXIES, "NO_PROXY"}
_INNERMOST = re.compile(r"\$\{(\w+)(?::([-?])([^{}]*))?\}")
_SECRETS = {name: value for held in SAMPLES.values() for name, value in held.items() if not name.endswith(".json")}
SECRETS = _SECRETS | {"REDIS_PASSWORD": "of-redis_password"}


def interpolated(text: str) -> str:
    """A text of the Compose file with every setting at its default, and the sample secrets."""
    while (changed := _INNERMOST.sub(lambda found: SECRETS.get(found[1], found[3] or ""), text)) != text:
        text = changed
    return text.replace("$$", "$")


def pairs(compose: Compose, manifests: Manifests) -> Iterator[tuple[str, dict[str, Any], Pod, dict[str, Any]]]:
    """Each service with the pod and container that are the same."""
    found = {(pod.owner, one["name"]): (pod, one) for pod in pods(manifests) for one in pod.containers}
    for name, there in SAME.items():
        if name in compose["services"] and there in found:
            yield name, compose["services"][name], *found[there]


def services(compose: Compose, manifests: Manifests) -> Iterator[str]:
    """What only one side has."""
    there = {f"{pod.owner}/{one['name']}" for pod in pods(manifests) for one in pod.containers}
    known = {"/".join(one) for one in SAME.values()}
    sides = (("Compose", compose["services"].keys(), SAME.keys() | ONLY_COMPOSE.keys()),
             ("Kubernetes", there, known | ONLY_KUBERNETES.keys()))  # fmt: skip
    for side, has, expected in sides:
        yield from (f"{side} has {name}, the other has not: add it there, or say why here" for name in has - expected)
        yield from (f"{side} has no {name} any more" for name in expected - has)


def images(compose: Compose, manifests: Manifests) -> Iterator[str]:
    """Containers run the images of their services."""
    for name, service, _pod, container in pairs(compose, manifests):
        wanted = interpolated(service["image"]).removesuffix(":local")
        if container["image"] != wanted:
            yield f"{name}: image {wanted} in Compose, {container['image']} on Kubernetes"


def variables(compose: Compose, manifests: Manifests) -> Iterator[str]:
    """They are given the same variables; a reason that explains no difference is told too."""
    explained = set()
    for name, service, _pod, container in pairs(compose, manifests):
        ours = {key: interpolated(str(value)) for key, value in service["environment"].items()}
        ours = {key: value for key, value in ours.items() if value and key.upper() not in _PROXIES}
        stones = stepping_stones(container)
        given = environment(container, manifests).items()
        theirs = {key: value for key, value in given if key not in stones and (value or key in ours)}
        for key in sorted(key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)):
            why = {(who, what) for who, what in _reasons() if _is_among(name, who) and fnmatch(key, what)}
            explained |= why
            if not why:
                yield f"{name}: {key} is {ours.get(key)} in Compose, {theirs.get(key)} on Kubernetes"
    yield from (f"{who}: {what} does not differ any more" for who, what in sorted(_reasons() - explained))


def _reasons() -> set[tuple[str, str]]:
    return {(who, what) for who, differing in DIFFERENT.items() for what in differing}


def _is_among(name: str, who: str) -> bool:
    return any(fnmatch(name, one) for one in who.split())


def secrets(compose: Compose, manifests: Manifests) -> Iterator[str]:
    """A container holds its service's secrets, in variables or files, and no others but those explained."""
    for name, service, pod, container in pairs(compose, manifests):
        files = (compose["configs"][one["source"]]["content"] for one in service.get("configs", ()))
        in_compose = _secrets_in(interpolated(json.dumps([service["environment"], *files])))
        volumes = pod.spec.get("volumes", ()) if container in pod.spec["containers"] else ()
        mounted = [SAMPLES[one["secret"]["secretName"]] for one in volumes if "secret" in one]
        held = _secrets_in(json.dumps([environment(container, manifests), mounted]))
        fewer = {one for who, names in FEWER.items() if _is_among(name, who) for one in names}
        more = MORE.get(name, set())
        yield from (f"{name}: holds {one} on Kubernetes alone" for one in sorted(held - in_compose - more))
        yield from (f"{name}: does not hold {one} any more" for one in sorted(more - (held - in_compose)))
        yield from (f"{name}: holds {one} in Compose alone" for one in sorted(in_compose - held - fewer))


def _secrets_in(text: str) -> set[str]:
    return {name for name, value in SECRETS.items() if value in text}
