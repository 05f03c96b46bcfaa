"""A bill of materials keeps to CycloneDX's schema, names what an image holds, and says where it did not ask it."""

import json
import re
from pathlib import Path

import pytest
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component

from supply import image_contents
from supply.image_contents import Contents, NotAskedError, Package, debian, of_lock, python
from supply.sbom import IMAGES, InvalidBomError, bom_of, main, others, written
from tests.conftest import ROOT

DPKG = "libc6\t2.41-12\tamd64\tinstalled\ntzdata\t2026a\tall\tconfig-files\nlibstdc++6\t14.2.0-19\tamd64\tinstalled\n"
PYTHON = json.dumps(
    [
        ["Typing_Extensions", "4.16.0", "PSF-2.0"],
        ["numpy", "2.4.6", "BSD-3-Clause AND 0BSD"],
        ["odd", "1.0", "MIT License"],
        ["whole", "1.0", "Copyright (c) somebody\n\nPermission is hereby granted"],
    ]
)
IDENTITY = f"sha256:{'ab' * 32}"


@pytest.fixture
def bill(tmp_path: Path) -> dict[str, object]:
    """The bill of an image that was asked."""
    contents = Contents((*debian(DPKG), *python(PYTHON)), "image", IDENTITY, "debian-13")
    path = written(bom_of("api", "readmission-api:local", contents), tmp_path / "api.cdx.json")
    found: dict[str, object] = json.loads(path.read_text())
    return found


def test_it_names_each_package_as_scanners_do(bill: dict[str, list[dict[str, str]]]) -> None:
    assert [str(bill[name]) for name in ("bomFormat", "specVersion")] == ["CycloneDX", "1.6"]
    assert sorted(component["purl"] for component in bill["components"]) == [
        "pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=debian-13",
        "pkg:deb/debian/libstdc%2B%2B6@14.2.0-19?arch=amd64&distro=debian-13",
        "pkg:pypi/numpy@2.4.6",
        "pkg:pypi/odd@1.0",
        "pkg:pypi/typing-extensions@4.16.0",
        "pkg:pypi/whole@1.0",
    ]


def test_it_says_which_image_it_is_of_and_that_it_was_asked(bill: dict[str, dict[str, dict[str, object]]]) -> None:
    image = bill["metadata"]["component"]
    assert (image["type"], image["name"], image["version"]) == ("container", "readmission-api", IDENTITY)
    assert image["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]
    assert {"name": "readmission:source", "value": "image"} in image["properties"]  # type: ignore[operator]


def test_a_license_is_a_name_or_an_expression_and_never_a_whole_text(bill: dict[str, list[dict[str, object]]]) -> None:
    found = {str(component["name"]): component.get("licenses") for component in bill["components"]}
    assert found["typing-extensions"] == [{"license": {"id": "PSF-2.0"}}]
    assert found["numpy"] == [{"expression": "BSD-3-Clause AND 0BSD"}]
    assert found["odd"] == [{"license": {"name": "MIT License"}}]
    assert found["whole"] is found["libc6"] is None


def test_what_breaks_the_schema_is_not_written(tmp_path: Path) -> None:
    bom = Bom(components=[Component(name="odd", hashes=[HashType(alg=HashAlgorithm.SHA_256, content="no digest")])])
    with pytest.raises(InvalidBomError, match=r"^api\.cdx\.json is no CycloneDX 1\.6"):
        written(bom, tmp_path / "api.cdx.json")
    assert list(tmp_path.iterdir()) == []


def test_each_image_that_is_built_has_a_bill_and_its_own_slice() -> None:
    built = set(re.findall(r"readmission}-(\w+):local", (ROOT / "docker-compose.yml").read_text()))
    assert built == IMAGES.keys()
    dockerfiles = [path for folder in (".", "app_back", "app_front", "mlflow", "minio", "compose/edge")
                   for path in (ROOT / folder).glob("dockerfile*")]  # fmt: skip
    used = "\n".join(path.read_text() for path in dockerfiles)
    for slice_of_the_lock in filter(None, IMAGES.values()):
        assert (ROOT / slice_of_the_lock).is_file() and slice_of_the_lock in used


def test_without_the_image_it_is_what_the_lock_says_for_linux() -> None:
    contents = of_lock(ROOT / "app_back/requirements_api.txt")
    names = {package.name: package.version for package in contents.packages}
    assert contents.source == "lock" and {"fastapi", "onnxruntime", "uvicorn"} < names.keys()
    assert "colorama" not in names  # which is for Windows
    assert f"fastapi=={names['fastapi']}" in (ROOT / "constraints.txt").read_text()


def test_where_no_docker_is_it_says_so_loudly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["--out", str(tmp_path / "sbom")]) == 0
    said = capsys.readouterr().out
    assert said.count("*** NOT ASKED: there is no program docker; from ") == len(IMAGES)
    assert {path.name for path in (tmp_path / "sbom").iterdir()} == {
        f"{name}.cdx.json" for name in [*IMAGES, "third-party"]
    }
    api = json.loads((tmp_path / "sbom/api.cdx.json").read_text())
    assert {"name": "readmission:source", "value": "lock"} in api["metadata"]["component"]["properties"]
    with pytest.raises(NotAskedError):
        image_contents.of_image("readmission-api:local")


def test_images_of_others_are_named_by_tag_and_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MINIO_IMAGE", raising=False)
    names = [name.partition(":")[0] for name in others(ROOT / "docker-compose.yml")]
    assert names == ["mysql", "pgsty/silo", "postgres", "python", "redis"]
    monkeypatch.setenv("MINIO_IMAGE", "registry.example.org/store:1")
    assert "registry.example.org/store:1" in others(ROOT / "docker-compose.yml")


def test_a_package_sorts_and_is_told_once() -> None:
    assert Package("deb", "a", "1") < Package("pypi", "a", "1")
    assert len({*debian(DPKG), *debian(DPKG)}) == 2
