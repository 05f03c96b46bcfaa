"""What a check of `make audit` found, and what is excepted from it until a day."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

CHECKS = ("advisories", "code", "secrets")
_FIELDS = {"check", "what", "where", "reason", "look_again"}


class NotChecked(Exception):
    """A check that could not be made; its text says why."""


@dataclass(frozen=True)
class Finding:
    """One thing that a check complains of: `what` is its identifier there, `where` a package or a file."""

    check: str
    what: str
    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.check}: {self.what} in {self.where}: {self.text}"


@dataclass(frozen=True)
class Exempt:
    """What is let through, why, and the day on which it is looked at again; `where` may have wildcards."""

    check: str
    what: str
    where: str
    reason: str
    look_again: date

    def covers(self, finding: Finding) -> bool:
        same = (self.check, self.what) == (finding.check, finding.what)
        return same and fnmatchcase(finding.where, self.where)

    def __str__(self) -> str:
        return f"{self.check}: {self.what} in {self.where}"


def exceptions(path: Path) -> list[Exempt]:
    """The exceptions of a file.

    Raises:
        SystemExit: an entry lacks a field, or has one that nobody knows; it is named.
    """
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("exception", [])
    return [_exempt(path, number, entry) for number, entry in enumerate(entries, start=1)]


def _exempt(path: Path, number: int, entry: dict[str, object]) -> Exempt:
    wrong = sorted(_FIELDS ^ entry.keys()) or [name for name in sorted(_FIELDS) if not entry[name]]
    if wrong:
        raise SystemExit(
            f"{path}: exception {number} needs each of {', '.join(sorted(_FIELDS))}, see {', '.join(wrong)}"
        )
    if entry["check"] not in CHECKS or type(entry["look_again"]) is not date:
        raise SystemExit(
            f"{path}: exception {number}: check is one of {', '.join(CHECKS)}, look_again a date (2027-01-31)"
        )
    texts = {name: str(entry[name]) for name in ("check", "what", "where", "reason")}
    return Exempt(**texts, look_again=entry["look_again"])


def complaints(found: Sequence[Finding], exempt: Sequence[Exempt], made: Sequence[str], today: date) -> list[str]:
    """What is not excepted, the exceptions whose day has come, and those of the checks made that except nothing."""
    left = [str(finding) for finding in found if not any(one.covers(finding) for one in exempt)]
    due = [f"{one}: its exception was to be looked at on {one.look_again}" for one in exempt if one.look_again <= today]
    idle = [
        f"{one}: nothing is there that it excepts: take it out"
        for one in exempt
        if one.check in made and not any(one.covers(finding) for finding in found)
    ]
    return [*left, *due, *idle]
