"""What it costs to sign a version and to check it: `python -m benchmarks.signing`. No request waits for it."""

import os
import secrets
import sys
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from readmission.inference import (
    MANIFEST_FILE,
    SERVED_FOLDER,
    PublicKeys,
    check_served,
    check_version,
    read_folder,
    served_of,
)
from readmission.model.signing import SigningKey
from scripts.ed25519 import public_key

# Sizes in bytes, as of a forest of 100 trees.
FILES = {"model.skops": 20_000_000, "MLmodel": 4_000, f"{SERVED_FOLDER}forest.onnx": 6_300_000,
         f"{SERVED_FOLDER}serving.json": 6_000, f"{SERVED_FOLDER}examples.json": 20_000}  # fmt: skip


def main() -> None:
    """Prints the median milliseconds of each."""
    seed = secrets.token_bytes(32)
    keys = PublicKeys(urlsafe_b64encode(public_key(seed)).decode())
    key = SigningKey(urlsafe_b64encode(seed).decode(), keys)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / SERVED_FOLDER).mkdir()
        for name, size in FILES.items():
            (folder / name).write_bytes(os.urandom(size))
        _tell("signing a version, its files read from disk", lambda: key.sign_folder(folder))
        files = read_folder(folder)
    manifest = files[SERVED_FOLDER + MANIFEST_FILE]
    signature = key.sign("manifest", manifest)
    _tell("checking all of its files in memory", lambda: check_version(files, keys))
    _tell("checking those that are served", lambda: check_served(served_of(files), keys))
    _tell("the signature alone, made", lambda: key.sign("manifest", manifest))
    _tell("the signature alone, checked", lambda: keys.check("manifest", manifest, signature, MANIFEST_FILE))


def _tell(what: str, work: Callable[[], object]) -> None:
    took = []
    for _ in range(30):
        begun = perf_counter()
        work()
        took.append((perf_counter() - begun) * 1_000)
    sys.stdout.write(f"{what}: {median(took):.2f} ms\n")


if __name__ == "__main__":
    main()
