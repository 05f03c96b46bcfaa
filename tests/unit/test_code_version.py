"""The code's fingerprint: what decides a result changes it, wherever in its package it lies; nothing else does."""

import shutil
from pathlib import Path

import pytest

from readmission.code_version import DECIDING, PACKAGE, source_sha256

# How the platform is started, shown, asked and answers decides no result, nor do its errors and its clock.
UNDECIDING = {
    "__init__.py", "airflow_login", "airflow_prune.py", "airflow_tables.py", "atomic_files.py", "cli", "clock.py",
    "code_version.py", "dag_runs", "errors.py", "forest.py", "keeping", "local", "prediction.py", "printable.py",
    "progress.py", "scoring", "shadow",
}  # fmt: skip


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of `readmission/` that a test may change."""
    return shutil.copytree(PACKAGE, tmp_path / "readmission", ignore=shutil.ignore_patterns("__pycache__"))


def test_each_part_of_the_package_either_decides_or_does_not() -> None:
    parts = {path.name for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert set(DECIDING) | UNDECIDING == parts
    assert not set(DECIDING) & UNDECIDING


def test_a_copy_has_the_same_fingerprint(package: Path) -> None:
    assert source_sha256(package) == source_sha256(PACKAGE)


def test_every_module_that_decides_changes_it_at_any_depth(package: Path) -> None:
    before = source_sha256(package)
    places = [package / name for name in DECIDING]
    modules = [path for path in package.rglob("*.py") if {path, *path.parents} & set(places)]
    assert {"contract.py", "splitting.py", "promotion.py", "env.py", "scorer.py"} <= {path.name for path in modules}
    for module in modules:
        text = module.read_text(encoding="utf-8")
        module.write_text(f"{text}\n# another\n", encoding="utf-8")
        assert source_sha256(package) != before, module
        module.write_text(text, encoding="utf-8")
    assert source_sha256(package) == before


def test_a_module_that_is_moved_changes_it(package: Path) -> None:
    before = source_sha256(package)
    (package / "clean/cleaning.py").rename(package / "raw/cleaning.py")
    assert source_sha256(package) != before


def test_what_decides_nothing_does_not_change_it(package: Path) -> None:
    before = source_sha256(package)
    for name in sorted(UNDECIDING):
        place = package / name
        for module in [place] if place.is_file() else place.rglob("*.py"):
            module.write_text("# another\n", encoding="utf-8")
    assert source_sha256(package) == before
