"""Signs what the pipeline makes: the only place with the private key."""

import base64
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from readmission.inference import (
    MANIFEST_FILE,
    SERVED_FOLDER,
    SIGNATURE_FILE,
    Manifest,
    PublicKeys,
    Purpose,
    Signature,
    key_id,
    read_folder,
    signed_bytes,
)


class SigningKey:
    """The pipeline's private key, and the public ones that are trusted."""

    def __init__(self, seed: str, trusted: PublicKeys) -> None:
        """`seed` is MODEL_SIGNING_KEY: 32 bytes in base64."""
        self._key = Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(seed))
        self.id = key_id(self._key.public_key().public_bytes_raw())
        self.trusted = trusted

    def sign(self, purpose: Purpose, content: bytes) -> Signature:
        """The signature of a content."""
        made = self._key.sign(signed_bytes(purpose, content))
        return Signature(key=self.id, signature=base64.b64encode(made).decode())

    def sign_folder(self, folder: Path) -> list[Path]:
        """Writes the manifest of every file of a version's folder and its signature, beside the served ones."""
        manifest = Manifest.of(read_folder(folder)).model_dump_json(indent=2).encode()
        written = folder / SERVED_FOLDER / MANIFEST_FILE, folder / SERVED_FOLDER / SIGNATURE_FILE
        written[0].write_bytes(manifest)
        written[1].write_text(self.sign("manifest", manifest).model_dump_json(), encoding="utf-8")
        return list(written)
