"""What production is beside local: people who come from elsewhere, several nodes, more memory."""

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from k8s.commands.manifests import rendered
from tests.conftest import ROOT
from tests.unit.k8s.network_rules import selects
from tests.unit.k8s.objects import Manifests, of_kind, pods, variables_of
from tests.unit.k8s.pod_rules import quantity

Overlay = Callable[[str], Manifests]
BEHIND = {"api", "front", "mlflow", "airflow-apiserver"}
SHARED_WITH_COMPOSE = ("mlflow/init.sql", "compose/mysql", "readmission/storage/migrations/raw_data")
FULL = "readmission.example.org"
NGINX = "nginx.ingress.kubernetes.io"


def _hosts(manifests: Manifests) -> dict[str, str]:
    return {name: one["spec"]["rules"][0]["host"] for name, one in of_kind(manifests, "Ingress").items()}


def test_four_doors_have_tls_under_their_hosts_and_let_in_a_networks_own_people(overlay: Overlay) -> None:
    ingresses = of_kind(overlay("production"), "Ingress")
    assert ingresses.keys() == BEHIND
    assert len({one["spec"]["tls"][0]["secretName"] for one in ingresses.values()}) == len(BEHIND)
    for name, one in ingresses.items():
        (rule,), (tls,) = one["spec"]["rules"], one["spec"]["tls"]
        assert tls["hosts"] == [rule["host"]] and rule["host"].endswith(f".{FULL}"), name
        assert rule["http"]["paths"][0]["backend"]["service"]["name"] == name
        ranges = one["metadata"]["annotations"][f"{NGINX}/whitelist-source-range"].split(",")
        assert ranges == ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]


def test_the_controllers_namespace_reaches_those_four_at_their_port_and_nothing_else(overlay: Overlay) -> None:
    manifests = overlay("production")
    opened = [
        (one["spec"], rule)
        for one in of_kind(manifests, "NetworkPolicy").values()
        for rule in one["spec"].get("ingress", ())
        if any("namespaceSelector" in peer for peer in rule["from"])
    ]
    ((spec, rule),) = opened
    assert {pod.owner for pod in pods(manifests) if selects(spec["podSelector"], pod)} == BEHIND
    assert rule["ports"] == [{"protocol": "TCP", "port": "http"}]


def test_a_host_is_said_in_one_file(tmp_path: Path) -> None:
    for path in ("k8s", *SHARED_WITH_COMPOSE):
        copy = shutil.copytree if (ROOT / path).is_dir() else shutil.copy
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / path, tmp_path / path)
    file = tmp_path / "k8s/overlays/production/hosts.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(FULL, "ward.corp"), encoding="utf-8")
    manifests = rendered(str(file.parent))
    assert FULL not in yaml.safe_dump_all(manifests)
    assert "hosts" not in of_kind(manifests, "ConfigMap"), "it is for kustomize alone"
    assert _hosts(manifests) == {
        "api": "api.ward.corp",
        "front": "form.ward.corp",
        "mlflow": "mlflow.ward.corp",
        "airflow-apiserver": "airflow.ward.corp",
    }
    assert variables_of(manifests, "airflow-apiserver")["AIRFLOW__API__BASE_URL"] == "https://airflow.ward.corp"
    assert variables_of(manifests, "mlflow")["PUBLIC_HOST"] == "mlflow.ward.corp"
    form = variables_of(manifests, "front")
    assert (form["PUBLIC_HOST"], form["FORM_PUBLIC_URL"]) == ("form.ward.corp", "https://form.ward.corp")


def test_mlflow_answers_under_its_public_name_and_through_a_forwarded_port(overlay: Overlay) -> None:
    spec = importlib.util.spec_from_file_location("serve", ROOT / "mlflow/serve.py")
    assert spec and spec.loader
    serve = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(serve)
    given = serve.protection(variables_of(overlay("production"), "mlflow"))
    hosts, origins = (given[f"MLFLOW_SERVER_{name}"].split(",") for name in ("ALLOWED_HOSTS", "CORS_ALLOWED_ORIGINS"))
    assert {"mlflow", "localhost:*", f"mlflow.{FULL}"} <= set(hosts)
    assert {f"https://mlflow.{FULL}", "http://localhost:8084"} <= set(origins)


def test_a_person_stays_with_one_of_the_forms_pods(overlay: Overlay) -> None:
    manifests = overlay("production")
    assert of_kind(manifests, "Deployment")["front"]["spec"]["replicas"] == 2
    annotations = of_kind(manifests, "Ingress")["front"]["metadata"]["annotations"]
    assert annotations[f"{NGINX}/affinity"] == "cookie" and annotations[f"{NGINX}/session-cookie-secure"] == "true"
    assert all(annotations[f"{NGINX}/proxy-{way}-timeout"] == "3600" for way in ("read", "send"))
    assert of_kind(manifests, "PodDisruptionBudget")["front"]["spec"]["minAvailable"] == 1


def test_what_comes_over_the_ingress_is_known_to_airflow_as_tls(overlay: Overlay) -> None:
    manifests = overlay("production")
    (container,) = of_kind(manifests, "Deployment")["airflow-apiserver"]["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["api-server", "--proxy-headers"]
    assert variables_of(manifests, "airflow-apiserver")["FORWARDED_ALLOW_IPS"] == "*"


def test_models_of_any_size_reach_mlflow(overlay: Overlay) -> None:
    annotations = of_kind(overlay("production"), "Ingress")["mlflow"]["metadata"]["annotations"]
    assert annotations[f"{NGINX}/proxy-body-size"] == "0"


def _memory(manifests: Manifests, owner: str) -> float:
    (limit,) = (pod.spec["containers"][0]["resources"]["limits"] for pod in pods(manifests) if pod.owner == owner)
    return float(quantity(limit["memory"]))


@pytest.mark.parametrize("owner", [*sorted(BEHIND), "airflow-scheduler", "minio", "mysql"])
def test_a_team_has_more_memory_than_a_person(owner: str, overlay: Overlay) -> None:
    assert _memory(overlay("production"), owner) > _memory(overlay("local"), owner)


def test_mysql_keeps_its_tables_in_that_memory(overlay: Overlay) -> None:
    manifests = overlay("production")
    (container,) = of_kind(manifests, "StatefulSet")["mysql"]["spec"]["template"]["spec"]["containers"]
    assert container["args"][-1] == "--innodb-buffer-pool-size=2G"
    assert _memory(manifests, "mysql") >= 2 * 2 * 2**30


@pytest.mark.parametrize(("name", "mode"), [("local", "ReadWriteOnce"), ("production", "ReadWriteMany")])
def test_claims_that_several_workloads_write_to_are_for_many_nodes(name: str, mode: str, overlay: Overlay) -> None:
    manifests = overlay(name)
    users: dict[str, set[str]] = {}
    for pod in pods(manifests):
        for volume in pod.spec.get("volumes", ()):
            users.setdefault(volume.get("persistentVolumeClaim", {}).get("claimName"), set()).add(pod.owner)
    claims = of_kind(manifests, "PersistentVolumeClaim")
    shared = {claim for claim in claims if len(users[claim]) > 1}
    assert shared == {"airflow-logs", "dataset"}
    assert {claim: claims[claim]["spec"]["accessModes"] for claim in shared} == {claim: [mode] for claim in shared}


def test_on_one_node_the_autoscaler_takes_pods_away_soon_and_elsewhere_as_is_usual(overlay: Overlay) -> None:
    local, production = (
        of_kind(overlay(name), "HorizontalPodAutoscaler")["api"]["spec"] for name in ("local", "production")
    )
    assert local["behavior"] == {"scaleDown": {"stabilizationWindowSeconds": 30}}
    (metric,) = local["metrics"]
    assert metric["resource"]["target"] == {"type": "AverageValue", "averageValue": "150m"}
    assert local == production | {"behavior": local["behavior"], "metrics": [metric]}


@pytest.mark.parametrize(("kind", "name"), [("StatefulSet", "api"), ("Deployment", "front")])
def test_replicas_spread_over_nodes_and_zones(kind: str, name: str, overlay: Overlay) -> None:
    spec = of_kind(overlay("production"), kind)[name]["spec"]["template"]["spec"]
    keys = {one["topologyKey"] for one in spec["topologySpreadConstraints"]}
    assert keys == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}
