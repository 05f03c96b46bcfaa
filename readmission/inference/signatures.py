"""Ed25519 signatures of what the pipeline vouches for: the manifest of a version's files, and a promotion.

Who holds public keys alone can check a signature and make none.
"""

import base64
import hashlib
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, StringConstraints

from readmission.inference.served_files import ModelFileError

# What is signed is part of what the signature covers: one of a manifest is none of a promotion.
Purpose = Literal["manifest", "promotion"]


class Signature(BaseModel):
    """A signature in base64, and the id of the key that it was made with."""

    key: Annotated[str, StringConstraints(max_length=64)]
    signature: Annotated[str, StringConstraints(max_length=128)]


class PublicKeys:
    """The keys that are trusted: `listed` is MODEL_PUBLIC_KEYS, base64 of 32 bytes each, with commas between."""

    def __init__(self, listed: str) -> None:
        raw = [base64.urlsafe_b64decode(one.strip()) for one in listed.split(",") if one.strip()]
        self._keys = {key_id(one): Ed25519PublicKey.from_public_bytes(one) for one in raw}

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def check(self, purpose: Purpose, content: bytes, signature: Signature, what: str) -> None:
        """Holds `content`, called `what` in the message, against its signature.

        Raises:
            ModelFileError: the key is not among the trusted ones, or the content is not what was signed.
        """
        key = self._keys.get(signature.key)
        if key is None:
            trusted = ", ".join(self._keys) or "none"
            raise ModelFileError(
                f"{what} is signed with the key {signature.key!r}, which is not among MODEL_PUBLIC_KEYS ({trusted})",
                "wrong_key",
            )
        try:
            key.verify(base64.b64decode(signature.signature, validate=True), signed_bytes(purpose, content))
        except (InvalidSignature, ValueError) as error:
            raise ModelFileError(f"{what} is not what was signed with the key {signature.key}", "changed") from error


def signed_bytes(purpose: Purpose, content: bytes) -> bytes:
    """What a signature covers."""
    return f"readmission {purpose} 1\n".encode() + content


def key_id(public: bytes) -> str:
    """What a public key of 32 bytes is called: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]
