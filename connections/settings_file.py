"""What a file of settings assigns, and what is said of a setting and of where it is set.

Standard library alone, as `setting_rules`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from connections.setting_rules import problem

# What the embedded platform takes from the file alone: it names a place of somebody else's to write to, or to send
# patients' data to, or who somebody is there, when another program exported it.
NOT_EXPORTED = (
    "DATABASE_URL",
    "MLFLOW_TRACKING_URI",
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
    "API_URL",
)

_LINE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$")


def line(name: str, text: str, environment: Mapping[str, str], file: Mapping[str, str]) -> str:
    """One line about a setting, which says where it is set: in the environment, which wins, or in the file."""
    exported = environment.get(name) or environment.get(name.lower())
    if exported:
        return f"{name} (environment): {text}; `unset {name}` if another program set it"
    return f"{name} (.env): {text}" if file.get(name) else f"{name}: {text}"


def problems(names: Iterable[str], environment: Mapping[str, str], file: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with what the named settings are set to, by name."""
    values = {name: environment.get(name) or file.get(name) or "" for name in names}
    found = {name: problem(name, value) for name, value in values.items() if value}
    return {name: line(name, text, environment, file) for name, text in found.items() if text}


def misspelt(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """One line for each name that is no setting and nearly is one."""
    settings = sorted(known)
    near = {name: difflib.get_close_matches(name.upper(), settings, 1, cutoff=0.85) for name in names}
    return [
        f"{name} (.env) is no setting; did you mean {match[0]}?"
        for name, match in near.items()
        if match and match[0] != name.upper()
    ]


def assigned(path: Path, with_defaults: bool = False) -> dict[str, str]:
    """What a file of settings sets; with the defaults too that `.env.example` shows as `#NAME=`.

    Raises:
        OSError: it cannot be read.
        UnicodeDecodeError: it is not UTF-8.
    """
    found: dict[str, str] = {}
    for text in path.read_text(encoding="utf-8").splitlines():
        match = _LINE.match(re.sub(r"^#(?=[A-Z])", "", text) if with_defaults else text)
        if match:
            found[match.group(1)] = _unquoted(match.group(2).strip())
    return found


def _unquoted(value: str) -> str:
    quoted = re.match(r"""(["'])(.*?)\1""", value)
    return quoted.group(2) if quoted else re.sub(r"(^|\s+)#.*$", "", value)
