"""What an image is made of is asked of the image itself."""

from pathlib import Path

import pytest

from supply.image_contents import NotAskedError, of_image
from supply.sbom import bom_of, written

BASE = "python:3.13-slim-trixie"


def test_the_packages_of_an_image_are_those_that_it_has(tmp_path: Path) -> None:
    contents = of_image(BASE)
    assert contents.source == "image" and contents.identity.startswith("sha256:")
    assert contents.distribution == "debian-13"
    found = {(package.kind, package.name) for package in contents.packages}
    assert {("deb", "libc6"), ("deb", "dpkg"), ("deb", "libssl3t64"), ("pypi", "pip")} <= found
    assert all(package.version for package in contents.packages)
    assert written(bom_of("base", BASE, contents), tmp_path / "base.cdx.json").stat().st_size > 10_000


def test_an_image_that_is_not_there_is_told() -> None:
    with pytest.raises(NotAskedError, match="No such image"):
        of_image("readmission-no-such-image:local")
