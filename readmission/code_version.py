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
_LIBRARIES = ("mlflow", "numpy", "onnxruntime", "pandas", "polars", "scikit-learn", "skl2onnx", "skops")


@lru_cache
def code_fingerprint() -> str:
    """SHA-256 over the package's own source: two runs of the same code share it, with or without git."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
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
