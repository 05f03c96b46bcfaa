"""The keys that are known now. The file is looked at again and again: a revoked key is refused within seconds."""

import logging
import os
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from typing import NamedTuple

from app_back.access.refusals import KeyMissingError, RoleError
from app_back.access.roles import RANK
from connections.api_keys import Key, KeysError, read

logger = logging.getLogger(__name__)

NO_KEYS = "there are no API keys, so that nobody is answered; `readmission keys create NAME --role predict` makes one"


class _Known(NamedTuple):
    digest: bytes
    name: str
    role: str


class Keys:
    """The keys of a file. One that is damaged or gone changes nothing: those of before stay, and `problem` says so."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: tuple[_Known, ...] = ()
        self._seen: tuple[int, ...] | None = ()
        self.problem: str | None = None

    def look(self) -> None:
        """Reads the file if it is not the one that was read last."""
        seen = _stamp(self._path)
        if seen == self._seen:
            return
        try:
            self._take(read(self._path))
            self._seen = seen
        except KeysError as error:
            self._seen = ()  # what kept it from being read may end without a change of the file
            self._complain(f"the API keys cannot be read: {error}; {self._what_counts()}")

    def _take(self, keys: tuple[Key, ...]) -> None:
        self._known = tuple(_Known(bytes.fromhex(key.sha256), key.name, key.role) for key in keys)
        self.problem = None if keys else NO_KEYS
        logger.info("API keys: %s", ", ".join(f"{key.name} ({key.role})" for key in keys) or "none")

    def _what_counts(self) -> str:
        return "those of before go on to count" if self._known else "nobody is answered until they can"

    def _complain(self, problem: str) -> None:
        if problem != self.problem:
            logger.error(problem)
        self.problem = problem

    @property
    def some(self) -> bool:
        """Whether anybody is let in."""
        return bool(self._known)

    def check(self, sent: bytes | None, needed: str) -> str:
        """The name of the key that was sent.

        Raises:
            KeyMissingError: there was none, or none that is known.
            RoleError: its role does not reach as far as `needed`.
        """
        found = None
        if sent is not None:
            digest = sha256(sent).digest()
            for known in self._known:  # all of them, whichever it is
                if compare_digest(known.digest, digest):
                    found = known
        if found is None:
            raise KeyMissingError(sent is not None)
        if RANK[found.role] < RANK[needed]:
            raise RoleError(found.name, found.role, needed)
        return found.name


def _stamp(path: Path) -> tuple[int, ...] | None:
    """What tells a file from the one that took its place, or from itself with other content."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
