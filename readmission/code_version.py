"""What code made a result: its fingerprint, its revision and the libraries that decide a model's numbers."""

import hashlib
import json
import platform
import subprocess
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from connections.settings import Settings

PACKAGE = Path(__file__).parent
# What decides a result; how the platform is started and shown does not.
DECIDING = (
    "clean", "dataset", "features", "inference", "model", "params.py", "raw", "registry", "storage", "synthetic",
    "training",
)  # fmt: skip
_LIBRARIES = ("mlflow", "numpy", "onnxruntime", "pandas", "polars", "scikit-learn", "skl2onnx", "skops")


@lru_cache
def code_fingerprint() -> str:
    """SHA-256 over the source that decides a result: two runs of the same code share it, with or without git."""
    return source_sha256(PACKAGE)


def source_sha256(package: Path) -> str:
    """SHA-256 over the paths and contents of `DECIDING` below a folder."""
    digest = hashlib.sha256()
    for name in DECIDING:
        place = package / name
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            digest.update(f"{path.relative_to(package).as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def fingerprint(**parts: object) -> str:
    """SHA-256 that two runs share when their inputs, params and code are the same."""
    whole = {**parts, "code": code_fingerprint()}
    return hashlib.sha256(json.dumps(whole, sort_keys=True, default=str).encode()).hexdigest()


def git_revision(settings: Settings) -> str:
    """The commit of the running code: GIT_REVISION where an image was built, else git's own answer."""
    if settings.git_revision:
        return settings.git_revision
    try:
        asked = subprocess.run(
            ["git", "-C", str(PACKAGE), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return "unknown"
    return asked.stdout.strip() or "unknown"


@lru_cache
def library_versions() -> dict[str, str]:
    """Versions of Python and of the libraries that decide a model's numbers."""
    return {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}}
