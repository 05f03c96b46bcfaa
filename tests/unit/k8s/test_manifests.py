"""Before manifests are applied, images are named, and pods whose configuration changed are made to roll."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from k8s.commands.images import BUILT
from k8s.commands.kubectl import ClusterError, objects
from k8s.commands.manifests import MARK, bare, images, marked, rendered, task_pod, templates, with_images
from k8s.commands.secrets import SECRETS
from tests.conftest import ROOT
from tests.unit.k8s.objects import Manifest, Manifests, of_kind, pods

Overlay = Callable[[str], Manifests]
AIRFLOW = {"airflow-apiserver", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer"}
# Whose pods are made anew when one of these changes. The tasks' pods are new ones anyway.
USERS = {
    ("Secret", "mysql-root"): {"mysql"},
    ("Secret", "mysql-api"): {"mysql", "api"},
    ("Secret", "mysql-mlflow"): {"mysql", "mlflow", "mysql-backup"},
    ("Secret", "mysql-pipeline"): {"mysql"},
    ("Secret", "mysql-owner"): {"mysql", "mysql-backup", "migrate"},
    ("Secret", "mysql-keeper"): {"mysql", "keeper"},
    ("Secret", "forget"): {"api", "keeper"},
    ("Secret", "mlflow-admin"): {"mlflow"},
    ("Secret", "mlflow-api"): {"mlflow", "api"},
    ("Secret", "mlflow-pipeline"): {"mlflow", "adopt"},
    ("Secret", "minio-root"): {"minio"},
    ("Secret", "minio-mlflow"): {"bucket", "mlflow"},
    ("Secret", "model-signing"): {"adopt"},
    ("Secret", "model-public"): {"adopt", "api"},
    ("Secret", "postgres"): {"postgres"} | AIRFLOW,
    ("Secret", "airflow"): AIRFLOW - {"airflow-dag-processor"},
    ("Secret", "airflow-admin"): {"airflow-apiserver"},
    ("Secret", "form"): {"front"},
    ("Secret", "api-keys"): {"api"},
    ("ConfigMap", "airflow"): AIRFLOW,
    ("ConfigMap", "airflow-files"): AIRFLOW,
    ("ConfigMap", "settings"): {"adopt", "api", "front"},
    ("ConfigMap", "form"): {"front"},
    ("ConfigMap", "mysql-first-start"): {"mysql"},
    ("ConfigMap", "mysql-start"): {"mysql"},
    ("ConfigMap", "mysql-backup"): {"mysql-backup"},
}
DIGEST = f"@sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("mysql", "mysql"),
        ("mysql:9.7", "mysql"),
        (f"mysql:9.7{DIGEST}", "mysql"),
        (f"mysql{DIGEST}", "mysql"),
        ("registry.example.org/team/readmission-api:abc", "registry.example.org/team/readmission-api"),
        ("registry.example.org:5000/readmission-api", "registry.example.org:5000/readmission-api"),
        ("registry.example.org:5000/readmission-api:abc", "registry.example.org:5000/readmission-api"),
        (f"[::1]:5000/readmission-api:abc{DIGEST}", "[::1]:5000/readmission-api"),
    ],
)
def test_an_image_without_tag_and_digest(image: str, name: str) -> None:
    assert bare(image) == name


def test_our_images_are_named_everywhere_and_others_keep_their_names(overlay: Overlay) -> None:
    before = images(overlay("production"))
    assert before & BUILT.keys() == BUILT.keys()
    named = with_images(overlay("production"), {name: f"r.org:5000/{name}:1" for name in BUILT})
    assert images(named) == (before - BUILT.keys()) | {f"r.org:5000/{name}:1" for name in BUILT}
    assert {one["image"] for pod in pods(named) for one in pod.containers} - images(named) == {"readmission-airflow"}
    (task,) = (task for task in map(task_pod, named) if task)
    assert task["spec"]["containers"][0]["image"] == "r.org:5000/readmission-airflow:1"


def test_the_store_is_named_by_its_name_without_tag_and_digest(overlay: Overlay) -> None:
    named = with_images(overlay("local"), {"pgsty/silo": "mirror.example.org/silo:1"})
    assert "mirror.example.org/silo:1" in images(named)
    assert not any(image.startswith("pgsty/silo") for image in images(named))


def _secrets(changed: str = "") -> Manifests:
    def value(secret: str, key: str) -> str:
        return base64.b64encode(f"{key}{'2' if secret == changed else ''}".encode()).decode()

    return [
        {"kind": "Secret", "metadata": {"name": name}, "data": {key: value(name, key) for key in keys}}
        for name, keys in SECRETS.items()
    ]


def _marks(manifests: Manifests, there: Manifests) -> dict[str, str]:
    return {
        one["metadata"]["name"]: template["metadata"]["annotations"][MARK]
        for one in marked(manifests, there)
        for template in templates(one)
    }


def _differing(before: dict[str, str], after: dict[str, str]) -> set[str]:
    assert before.keys() == after.keys()
    return {name for name, mark in before.items() if after[name] != mark}


def test_nothing_rolls_where_nothing_changed(overlay: Overlay) -> None:
    again = [one | {"metadata": {**one["metadata"], "resourceVersion": "7"}} for one in _secrets()]
    assert _differing(_marks(overlay("local"), _secrets()), _marks(overlay("local"), again)) == set()


@pytest.mark.parametrize("changed", USERS, ids="/".join)
def test_a_change_rolls_its_users_and_no_others(changed: tuple[str, str], overlay: Overlay) -> None:
    kind, name = changed
    manifests = overlay("local")
    if kind == "ConfigMap":
        of_kind(manifests, kind)[name]["data"]["NEW"] = "1"
    after = _marks(manifests, _secrets(name if kind == "Secret" else ""))
    assert _differing(_marks(overlay("local"), _secrets()), after) == USERS[changed]


def test_every_secret_and_configuration_of_ours_is_looked_at(overlay: Overlay) -> None:
    there = {("Secret", name) for name in SECRETS} | {
        ("ConfigMap", name) for name in of_kind(overlay("local"), "ConfigMap")
    }
    assert there == USERS.keys()


def test_a_new_image_of_the_tasks_reaches_the_scheduler(overlay: Overlay) -> None:
    def named(tag: str) -> list[Manifest]:
        return with_images(overlay("local"), {"readmission-airflow": f"readmission-airflow:{tag}"})

    assert _differing(_marks(named("1"), []), _marks(named("2"), [])) == AIRFLOW


def test_an_overlay_that_is_none_is_told_with_those_that_are() -> None:
    with pytest.raises(ClusterError, match="no overlay 'nowhere': name one of local, managed-mysql, managed-s3, prod"):
        rendered("nowhere")


def test_a_cluster_that_does_not_answer_is_said_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = {"clusters": [{"name": "gone", "cluster": {"server": "http://127.0.0.1:9"}}], "current-context": "gone"}
    contexts = {"contexts": [{"name": "gone", "context": {"cluster": "gone"}}]}
    (tmp_path / "config").write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", **nobody, **contexts}))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    with pytest.raises(ClusterError, match=r"^The connection to the server 127.0.0.1:9 was refused[^\n]*$"):
        objects("pods")


def test_the_namespace_has_the_label_by_which_it_is_purged_in_its_own_file() -> None:
    """`make k8s-secrets` applies that file alone."""
    alone = yaml.safe_load((ROOT / "k8s/base/namespace.yaml").read_text(encoding="utf-8"))
    assert alone["metadata"]["labels"]["app.kubernetes.io/part-of"] == alone["metadata"]["name"] == "readmission"
