"""`make audit`: known vulnerabilities, dangerous code, secrets in the tree and in its history."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from readmission.clock import now
from supply.advisories import check_advisories
from supply.code import check_code
from supply.findings import CHECKS, Finding, NotChecked, complaints, exceptions
from supply.secret_scan import check_secrets

ROOT = Path(__file__).parents[1]
EXCEPTIONS = "supply/exceptions.toml"


def audit(root: Path, offline: bool, url: str = "", only: tuple[str, ...] = CHECKS) -> tuple[list[str], list[str]]:
    """What is wrong, and what was not checked, of the clone at `root`.

    What was not checked is wrong too, but for advisories where `offline` says that no service can be asked.
    """
    found: list[Finding] = []
    made, unchecked, wrong = [], [], []
    for check in only:
        try:
            if check == "advisories" and offline:
                unchecked.append("advisories: NOT CHECKED: nobody was asked (OFFLINE=1)")
                continue
            found += _checks(url)[check](root)
            made.append(check)
        except NotChecked as reason:
            hint = "; where none can be reached: make audit OFFLINE=1" if check == "advisories" else ""
            wrong.append(f"*** {check}: NOT CHECKED: {reason}{hint}")
    wrong += complaints(found, exceptions(root / EXCEPTIONS), made, now().date())
    return wrong, unchecked


def _checks(url: str) -> dict[str, Callable[[Path], list[Finding]]]:
    return {"advisories": lambda root: check_advisories(root, url), "code": check_code, "secrets": check_secrets}


def main(words: list[str] | None = None) -> int:
    """Prints what is wrong, a line each; ends with 1 where there is any."""
    parser = argparse.ArgumentParser(prog="make audit", description=__doc__)
    parser.add_argument("--offline", action="store_true", help="ask no advisory service, and say so")
    parser.add_argument("--only", nargs="+", choices=CHECKS, default=CHECKS, help="these checks alone")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    asked = parser.parse_args(words)
    wrong, unchecked = audit(asked.root, asked.offline, os.environ.get("ADVISORIES_URL", ""), tuple(asked.only))
    for line in unchecked:
        sys.stdout.write(f"\n*** {line}\n*** Packages with known vulnerabilities may be among the locked ones.\n\n")
    for line in wrong:
        sys.stdout.write(f"{line}\n")
    if wrong:
        sys.stdout.write(f"{len(wrong)} to be mended, or excepted with a reason in {EXCEPTIONS}\n")
        return 1
    checked = ", ".join(name for name in asked.only if not any(line.startswith(name) for line in unchecked))
    sys.stdout.write(f"nothing found: {checked}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
