"""Compose and the manifests run the same platform: what is added to one is asked for in the other."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from tests.unit.k8s.objects import Manifests, of_kind
from tests.unit.k8s.two_networks import commands, first_start, kept, networks, ports
from tests.unit.k8s.two_sides import Compose, images, secrets, services, variables

COMPOSE: Compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
Compare = Callable[[Compose, Manifests], Iterator[str]]
Change = Callable[[Compose, Manifests], Any]
COMPARED = (services, images, variables, secrets, networks, ports, commands, kept, first_start)


@pytest.mark.parametrize("compare", COMPARED, ids=lambda compare: compare.__name__)
def test_both_have_the_same(compare: Compare, overlay: Callable[[str], Manifests]) -> None:
    assert list(compare(COMPOSE, overlay("local"))) == []


def _of(manifests: Manifests, kind: str, name: str) -> Any:
    return of_kind(manifests, kind)[name]


def _containers(manifests: Manifests, kind: str, name: str) -> Any:
    return _of(manifests, kind, name)["spec"]["template"]["spec"]["containers"]


def _added_variable(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}


A_DEPLOYMENT = {"spec": {"template": {"metadata": {"labels": {}}, "spec": {"containers": [{"name": "new"}]}}}}
CHANGED: dict[str, tuple[Compare, Change, str]] = {
    "a service in Compose": (
        services,
        lambda compose, _: compose["services"].update(cache={"image": "redis:8"}),
        "Compose has cache",
    ),
    "a service less in Compose": (
        services,
        lambda compose, _: compose["services"].pop("front"),
        "Compose has no front any more",
    ),
    "a workload on Kubernetes": (
        services,
        lambda _, there: there.append({"kind": "Deployment", "metadata": {"name": "cache"}, **A_DEPLOYMENT}),
        "Kubernetes has cache/new",
    ),
    "a container on Kubernetes": (
        services,
        lambda _, there: _containers(there, "StatefulSet", "api").append({"name": "sidecar"}),
        "Kubernetes has api/sidecar",
    ),
    "a workload less on Kubernetes": (
        services,
        lambda _, there: there.remove(_of(there, "Deployment", "front")),
        "Kubernetes has no front/front any more",
    ),
    "another image in Compose": (
        images,
        lambda compose, _: compose["services"]["mysql"].update(image="mysql:9.8"),
        "mysql: image mysql:9.8 in Compose, mysql:9.7 on Kubernetes",
    ),
    "another image on Kubernetes": (
        images,
        lambda _, there: _containers(there, "StatefulSet", "postgres")[0].update(image="postgres:18"),
        "postgres: image postgres:17 in Compose, postgres:18",
    ),
    "a variable in Compose": (
        variables,
        lambda compose, _: compose["services"]["airflow-worker"]["environment"].update(NEW="1"),
        "airflow-worker: NEW is 1 in Compose, None on Kubernetes",
    ),
    "a variable on Kubernetes": (
        variables,
        lambda _, there: _containers(there, "Deployment", "front")[0]["env"].append(_added_variable("NEW", "1")),
        "front: NEW is None in Compose, 1 on Kubernetes",
    ),
    "another account on Kubernetes": (
        variables,
        lambda _, there: _containers(there, "StatefulSet", "api")[0]["env"][1].update(
            value="mysql+pymysql://root@mysql"
        ),
        "api: DATABASE_URL is mysql+pymysql://api:of-mysql_api_password@mysql:3306 in Compose",
    ),
    "a difference that is no more": (
        variables,
        lambda compose, _: compose["services"]["postgres"]["environment"].update(
            PGDATA="/var/lib/postgresql/data/pgdata"
        ),
        "postgres: PGDATA does not differ any more",
    ),
    "a secret more on Kubernetes": (
        secrets,
        lambda _, there: _containers(there, "Deployment", "front")[0]["env"].append(
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "mysql-root", "key": "MYSQL_ROOT_PASSWORD"}}}
        ),
        "front: holds MYSQL_ROOT_PASSWORD on Kubernetes alone",
    ),
    "a secret more on Kubernetes, in a file": (
        secrets,
        lambda _, there: _of(there, "Deployment", "front")["spec"]["template"]["spec"]["volumes"].append(
            {"name": "admin", "secret": {"secretName": "airflow-admin"}}
        ),
        "front: holds AIRFLOW_ADMIN_PASSWORD on Kubernetes alone",
    ),
    "a secret more in Compose": (
        secrets,
        lambda compose, _: compose["services"]["api"]["environment"].update(X="${MYSQL_ROOT_PASSWORD}"),
        "api: holds MYSQL_ROOT_PASSWORD in Compose alone",
    ),
    "a network of a service": (
        networks,
        lambda compose, _: compose["services"]["front"]["networks"].append("serving"),
        "front: on ['serving', 'web'] in Compose, on ['web'] on Kubernetes",
    ),
    "a network of a pod": (
        networks,
        lambda _, there: _of(there, "Deployment", "front")["spec"]["template"]["metadata"]["labels"].update(
            {"network/store": "member"}
        ),
        "front: on ['web'] in Compose, on ['store', 'web'] on Kubernetes",
    ),
    "a network in Compose": (
        networks,
        lambda compose, _: compose["networks"].update(mail=None),
        "network mail: on one side alone",
    ),
    "a port in Compose": (
        ports,
        lambda compose, _: compose["services"]["api"]["ports"].append("${BIND_ADDRESS:-127.0.0.1}:9464:9464"),
        "api: [8000, 9464] are published in Compose, [8000] have a Service",
    ),
    "another port of a Service": (
        ports,
        lambda _, there: _of(there, "Service", "api")["spec"]["ports"][0].update(port=80),
        "api: [8000] are published in Compose, [] have a Service",
    ),
    "another port of this machine": (
        ports,
        lambda compose, _: compose["services"]["front"].update(ports=["127.0.0.1:${FORM_PORT:-8502}:8501"]),
        "Form: Compose has it at 8502, make k8s-forward at 8501",
    ),
    "an argument": (
        commands,
        lambda compose, _: compose["services"]["mysql"]["command"].append("--ssl=0"),
        "mysql: ",
    ),
    "a volume of a service": (
        kept,
        lambda _, there: _of(there, "StatefulSet", "api")["spec"]["volumeClaimTemplates"].clear(),
        "api: ['/keys', '/var/lib/readmission'] are kept in Compose, ['/keys'] on Kubernetes",
    ),
    "a file of the first start": (
        first_start,
        lambda compose, _: compose["services"]["mysql"]["volumes"].append(
            "./mlflow/init.sql:/docker-entrypoint-initdb.d/30.sql:ro"
        ),
        "mysql: /docker-entrypoint-initdb.d/30.sql is not the same",
    ),
}


@pytest.mark.parametrize("change", CHANGED)
def test_what_changes_on_one_side_is_asked_for_on_the_other(change: str, overlay: Callable[[str], Manifests]) -> None:
    compare, apply, told = CHANGED[change]
    compose, manifests = deepcopy(COMPOSE), overlay("local")
    apply(compose, manifests)
    assert [line for line in compare(compose, manifests) if line.startswith(told)] != []


def test_each_comparison_is_made_to_fail() -> None:
    assert {compare for compare, _, _ in CHANGED.values()} == set(COMPARED)
