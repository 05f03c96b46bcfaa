"""Served files that are signed with the key of the tests, without the rest of a version."""

import secrets
from base64 import urlsafe_b64encode
from pathlib import Path

from readmission.inference import (
    MANIFEST_FILE,
    SERVED_FOLDER,
    SIGNATURE_FILE,
    Manifest,
    PublicKeys,
    Scorer,
    ServedFiles,
    read_folder,
)
from readmission.model.signing import SigningKey
from scripts import ed25519
from tests.conftest import PUBLIC_KEY, SIGNING_SEED

KEYS = PublicKeys(PUBLIC_KEY)
# One that only a test's own settings trust.
OTHER_SEED = secrets.token_bytes(32)
OTHER_PUBLIC_KEY = urlsafe_b64encode(ed25519.public_key(OTHER_SEED)).decode()
KEY = SigningKey(urlsafe_b64encode(SIGNING_SEED).decode(), KEYS)


def other_key() -> SigningKey:
    """A key that is not trusted."""
    return SigningKey(urlsafe_b64encode(OTHER_SEED).decode(), KEYS)


def sign_served(folder: Path, key: SigningKey = KEY) -> Path:
    """Writes the manifest of the files in a folder as they are now, and its signature."""
    for name, content in signed(read_folder(folder), key).items():
        (folder / name).write_bytes(content)
    return folder


def signed(files: ServedFiles, key: SigningKey = KEY) -> ServedFiles:
    """The same of files in memory."""
    named = {SERVED_FOLDER + name: content for name, content in files.items()}
    manifest = Manifest.of(named).model_dump_json().encode()
    signature = key.sign("manifest", manifest).model_dump_json().encode()
    return {**files, MANIFEST_FILE: manifest, SIGNATURE_FILE: signature}


def load_signed(folder: Path) -> Scorer:
    """The model of a folder of served files, after they were signed as they are."""
    return Scorer.load(sign_served(folder), KEYS)
