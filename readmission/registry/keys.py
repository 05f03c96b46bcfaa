"""The keys that models and promotions are signed with, and checked with."""

from collections.abc import Iterator
from contextlib import contextmanager

from connections.settings import Settings
from readmission.errors import SigningKeyError, UntrustedModelError
from readmission.inference import ModelFileError, PublicKeys
from readmission.model.signing import SigningKey


def public_keys(settings: Settings) -> PublicKeys:
    """The keys whose signatures are trusted."""
    return PublicKeys(settings.model_public_keys)


def signing_key(settings: Settings) -> SigningKey:
    """The pipeline's key.

    Raises:
        SigningKeyError: there is none, or no one would trust what it signs.
    """
    seed = settings.model_signing_key.get_secret_value()
    if not seed:
        raise SigningKeyError("MODEL_SIGNING_KEY is not set, without which no model is signed; run `make env`")
    key = SigningKey(seed, public_keys(settings))
    if key.id not in key.trusted:
        raise SigningKeyError(
            f"the public key of MODEL_SIGNING_KEY ({key.id}) is not among MODEL_PUBLIC_KEYS, so that nobody would "
            "trust what it signs; run `make env`, which adds it"
        )
    return key


@contextmanager
def naming_untrusted(what: str) -> Iterator[None]:
    """Says which model it is that does not prove itself.

    Raises:
        UntrustedModelError: in the place of a `ModelFileError`.
    """
    try:
        yield
    except ModelFileError as error:
        raise UntrustedModelError(f"{what} is refused: {error}") from error
