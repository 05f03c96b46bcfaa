"""Dangerous code fails the audit, and no comment in it says otherwise."""

from pathlib import Path

import pytest

from supply.audit import main
from supply.code import check_code, folders
from supply.findings import NotChecked
from tests.conftest import ROOT
from tests.integration.supply.clone import committed, new_clone

DANGEROUS = {
    "eval(input())": "B307",
    "import pickle; pickle.loads(b'')": "B301",
    "import subprocess; subprocess.run(input(), shell=True)": "B602",
    "import yaml; yaml.load(input(), Loader=yaml.Loader)  # nosec": "B506",
}


def test_dangerous_code_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = new_clone(tmp_path / "clone")
    assert main(["--root", str(root), "--only", "code"]) == 0, capsys.readouterr().out
    committed(root, {"app/bad.py": "\n".join(DANGEROUS) + "\n"})
    assert main(["--root", str(root), "--only", "code"]) == 1
    told = capsys.readouterr().out
    for line, what in enumerate(DANGEROUS.values(), start=1):
        assert f"code: {what} in app/bad.py: line {line}: " in told


def test_code_that_cannot_be_read_is_not_passed(tmp_path: Path) -> None:
    root = new_clone(tmp_path / "clone")
    committed(root, {"app/broken.py": "def (:\n"})
    with pytest.raises(NotChecked, match=r"could not read .*app/broken.py"):
        check_code(root)


def test_every_folder_of_our_code_is_looked_at() -> None:
    ours = {path.parent.name for path in ROOT.glob("*/*.py")}
    assert set(folders(ROOT)) == ours - {"tests"}
