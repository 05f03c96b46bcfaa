"""Every target of the Makefile explains itself."""

import re
import subprocess

from tests.conftest import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^\.PHONY: (.+)$", MAKEFILE, flags=re.MULTILINE))


def test_help_lists_every_target() -> None:
    told = subprocess.run(("make", "-s", "help"), cwd=ROOT, capture_output=True, text=True, check=True).stdout
    listed = set(re.findall(r"^  make ([a-z0-9-]+) +\S", told, flags=re.MULTILINE))
    assert listed >= TARGETS


def test_the_promised_targets_exist() -> None:
    promised = "demo down status logs doctor env help test lint lock demo-check"
    assert set(promised.split()) <= TARGETS
