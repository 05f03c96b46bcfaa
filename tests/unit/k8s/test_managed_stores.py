"""Stores that somebody else runs take the place of ours, one or both."""

import os
from collections.abc import Callable
from pathlib import Path

import yaml

from k8s.commands.manifests import rendered
from tests.conftest import ROOT
from tests.unit.k8s.objects import Manifests, of_kind, variables_of
from tests.unit.k8s.test_rules import RULES

Overlay = Callable[[str], Manifests]


def _gone(overlay: Overlay, name: str) -> set[tuple[str, str]]:
    def named(manifests: Manifests) -> set[tuple[str, str]]:
        return {(one["kind"], one["metadata"]["name"]) for one in manifests}

    return named(overlay("production")) - named(overlay(name))


def test_a_managed_mysql_takes_the_place_of_ours(overlay: Overlay) -> None:
    gone = _gone(overlay, "managed-mysql")
    assert {("StatefulSet", "mysql"), ("CronJob", "mysql-backup"), ("PersistentVolumeClaim", "mysql-backup")} < gone
    assert all(name.startswith("mysql") for _kind, name in gone)
    service = of_kind(overlay("managed-mysql"), "Service")["mysql"]
    assert service["spec"] == {"type": "ExternalName", "externalName": "mysql.example.org"}


def test_a_managed_store_takes_the_place_of_ours(overlay: Overlay) -> None:
    accounts = {("ServiceAccount", "minio"), ("ServiceAccount", "bucket")}
    services = {("Service", "minio"), ("Service", "minio-console")}
    assert _gone(overlay, "managed-s3") == {("StatefulSet", "minio"), ("Job", "bucket")} | accounts | services
    given = variables_of(overlay("managed-s3"), "mlflow")
    assert given["MLFLOW_S3_ENDPOINT_URL"] == "https://s3.eu-central-1.amazonaws.com"
    assert given["MLFLOW_ARTIFACTS_DESTINATION"] == "s3://readmission-models"


def test_both_stores_may_be_managed(tmp_path: Path) -> None:
    k8s = os.path.relpath(ROOT / "k8s", tmp_path)
    written = {
        "resources": [f"{k8s}/overlays/production"],
        "components": [f"{k8s}/components/{name}" for name in ("managed-mysql", "managed-s3", "form-oidc")],
    }
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(written), encoding="utf-8")
    manifests = rendered(str(tmp_path))
    assert of_kind(manifests, "StatefulSet").keys() == {"api", "postgres"}
    assert [told for rule in RULES for told in rule(manifests)] == []
