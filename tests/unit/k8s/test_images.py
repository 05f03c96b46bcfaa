"""How the platform's images reach a cluster's nodes, by the kind of the cluster."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from k8s.commands import images, manifests
from k8s.commands.images import BUILT
from k8s.commands.kubectl import ClusterError
from k8s.commands.manifests import with_images
from tests.conftest import ROOT
from tests.unit.k8s.explained import ONLY_COMPOSE
from tests.unit.k8s.objects import Manifests

HELD = ["mysql:9.7", "readmission-api:1"]


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IMAGE_LOADER", "MINIO_IMAGE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("context", "commands"),
    [
        ("kind-ward", ["kind load docker-image --name ward mysql:9.7 readmission-api:1"]),
        ("kind-two-words", ["kind load docker-image --name two-words mysql:9.7 readmission-api:1"]),
        ("k3d-ward", ["k3d image import --cluster ward mysql:9.7 readmission-api:1"]),
        ("minikube", ["minikube image load mysql:9.7", "minikube image load readmission-api:1"]),
        ("default", ["docker save mysql:9.7 readmission-api:1 | sudo k3s ctr images import -"]),
        ("k3s", ["docker save mysql:9.7 readmission-api:1 | sudo k3s ctr images import -"]),
        ("kind-a;b", ["kind load docker-image --name 'a;b' mysql:9.7 readmission-api:1"]),
    ],
)
def test_a_cluster_on_this_machine_is_known_by_its_context(context: str, commands: list[str]) -> None:
    assert images._loaders(context, HELD) == commands


@pytest.mark.parametrize("context", ["kind-ward", "arn:aws:eks:eu-central-1:1:cluster/ward"])
def test_a_loader_of_ones_own_comes_before_what_is_known(context: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGE_LOADER", "/opt/lab/up --load")
    assert images._loaders(context, HELD) == ["/opt/lab/up --load mysql:9.7 readmission-api:1"]


@pytest.mark.parametrize("context", ["arn:aws:eks:eu-1:1:cluster/ward", "gke_team_ward", "kubernetes-admin@k8s"])
def test_for_another_cluster_it_is_said_what_to_set(context: str) -> None:
    with pytest.raises(ClusterError, match=r"REGISTRY=.*IMAGE_LOADER") as told:
        images._loaders(context, HELD)
    assert context in str(told.value)


def test_the_stores_image_is_the_one_that_the_shell_or_the_file_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, overlay: Callable[[str], Manifests]
) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\n", encoding="utf-8")
    assert images.others({"readmission-api": "r:1"}, file) == {"readmission-api": "r:1"}
    file.write_text("MINIO_IMAGE=mirror.example.org/store:2\n", encoding="utf-8")
    assert "mirror.example.org/store:2" in manifests.images(with_images(overlay("local"), images.others({}, file)))
    monkeypatch.setenv("MINIO_IMAGE", "mirror.example.org/store:3")
    assert "mirror.example.org/store:3" in manifests.images(with_images(overlay("local"), images.others({}, file)))


def test_every_image_that_compose_builds_is_built_for_the_cluster() -> None:
    compose: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    prefix, suffix = "${COMPOSE_PROJECT_NAME:-", ":local"
    built = {one["image"] for name, one in compose.items() if "build" in one and name not in ONLY_COMPOSE}
    assert {image.removeprefix(prefix).replace("}", "").removesuffix(suffix) for image in built} == set(BUILT)
    for name, service in BUILT.items():
        assert compose[service]["image"] == f"{prefix}readmission}}{name.removeprefix('readmission')}{suffix}"
