"""The API servers of the versions in use take every object: each field is known, of its type, and none is too much."""

import json
from collections.abc import Callable
from functools import cache

import kubernetes_validate
import pytest
import yaml
from kubernetes_validate import utils

from k8s.commands.manifests import task_pod
from tests.conftest import ROOT
from tests.unit.k8s.conftest import EVERY
from tests.unit.k8s.objects import Manifest, Manifests

# The two newest minor versions, and the one before, which many clusters still have.
VERSIONS = ("1.35", "1.36", "1.37")


@pytest.fixture(autouse=True)
def _schemas_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(utils, "schema_contents", _read)


_read = cache(utils.schema_contents)


def _validate(manifest: Manifest, version: str) -> None:
    assert kubernetes_validate.validate(manifest, version, strict=True) == version


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_of_every_overlay_is_valid(version: str, overlay: Callable[[str], Manifests]) -> None:
    rendered = [one for name in EVERY for one in overlay(name)]
    loader = yaml.safe_load((ROOT / "k8s/dataset/loader.yaml").read_text(encoding="utf-8"))
    found = [*rendered, loader, *(task for task in map(task_pod, rendered) if task)]
    for text in {json.dumps(one, sort_keys=True) for one in found}:
        _validate(json.loads(text), version)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("field", "value"), [("replica", 1), ("replicas", "one"), ("minReadySeconds", None), ("selector", None)]
)
def test_a_field_that_is_none_or_of_another_type_is_not(
    version: str, field: str, value: object, overlay: Callable[[str], Manifests]
) -> None:
    (front,) = (one for one in overlay("local") if (one["kind"], one["metadata"]["name"]) == ("Deployment", "front"))
    _validate(front, version)
    front["spec"][field] = {"matchLabels": "front"} if value is None else value
    with pytest.raises(kubernetes_validate.ValidationError):
        _validate(front, version)
