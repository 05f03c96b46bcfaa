"""The overlays, rendered once by the kubectl that applies them."""

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest

from k8s.commands.kubectl import KUBECTL
from k8s.commands.manifests import OVERLAYS, rendered
from tests.unit.k8s.objects import Manifests

EVERY = sorted(folder.name for folder in OVERLAYS.iterdir())


@cache
def _once(overlay: str) -> Manifests:
    assert Path(KUBECTL).is_file(), f"{KUBECTL} is missing: run `make var/kubectl/kubectl`"
    return rendered(overlay)


@pytest.fixture
def overlay() -> Callable[[str], Manifests]:
    """Gives an overlay's objects, which a test may change."""
    return lambda name: deepcopy(_once(name))


@pytest.fixture(params=EVERY)
def manifests(request: pytest.FixtureRequest) -> Manifests:
    """The objects of each overlay, which a test may change."""
    return deepcopy(_once(request.param))
