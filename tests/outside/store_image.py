"""The object store's image: the published one, or one of the same tag that was built on this machine."""

import re
import subprocess

from tests.conftest import ROOT
from tests.outside.figures import Figures


def built_here(figures: Figures) -> str | None:
    """The image's tag where an image of that tag was built here, which is said as not proven; else nothing."""
    tag, digest = _pinned()
    command = ["docker", "image", "inspect", "--format", "{{json .RepoDigests}}", tag]
    asked = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if asked.returncode != 0 or digest in asked.stdout:
        return None
    figures["not_proven"].append(f"the object store's image: {tag} was built on this machine and is not {digest}")
    return tag


def _pinned() -> tuple[str, str]:
    found = re.search(r"\$\{MINIO_IMAGE:-(\S+)@(\S+)\}", (ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    assert found, "docker-compose.yml pins the object store's image by tag and digest"
    return found[1], found[2]
