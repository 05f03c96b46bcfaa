"""Each import contract of pyproject.toml fails, by its name, on an import that it is there to forbid."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.unit.app_back.test_imports import ABSENT_FROM_THE_IMAGE

LINTER: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
CONTRACTS: dict[str, dict[str, Any]] = {contract["id"]: contract for contract in LINTER["contracts"]}
NEW_PACKAGE = "readmission/brand_new.py"

# By contract: modules, and the import planted in each.
FORBIDDEN = {
    "layers": {
        "readmission/storage/rows.py": "import readmission.clean.prepare",
        "readmission/registry/export.py": "from readmission.training import selection",
        "readmission/model/forest.py": "from readmission.storage import rows",
    },
    "synthetic": {
        "readmission/raw/ingest.py": "from readmission import synthetic",
    },
    "dataset": {
        "readmission/clean/prepare.py": "from readmission.dataset import obtain",
    },
    "raw": {
        "readmission/training/batches.py": "from readmission.raw import ingest",
    },
    "model": {
        "readmission/clean/cleaning.py": "from readmission.model import forest",
    },
    "platform": {
        "readmission/params.py": "import app_back.main",
        "connections/settings/model.py": "import readmission.errors",
    },
    "scripts": {
        "scripts/doctor.py": "import readmission.errors",
        "scripts/env_file.py": "import pydantic",
    },
    "supply": {
        "supply/audit.py": "from readmission import errors",
    },
    "inference": {
        "readmission/inference/scorer.py": "from readmission import params",
        "readmission/features/labels.py": "from connections import settings",
    },
    "form": {
        "app_front/app.py": "from readmission import inference",
        "app_front/client.py": "import connections.tables",
        "connections/settings/places.py": "import connections.tables",
        "app_front/widgets.py": "from readmission.features import contract",
        "readmission/features/labels.py": "import readmission.params",
        "app_front/result.py": "import readmission.brand_new",
    },
    "service": {
        "app_back/routes.py": "from readmission.storage import rows",
        "app_back/deps.py": "import pickle",
        "connections/tables.py": "import pandas",
        "readmission/inference/scorer.py": "import readmission.params",
        "app_back/main.py": "import readmission.brand_new",
    },
    "cluster": {
        "k8s/commands/platform.py": "import connections.settings",
        "k8s/commands/reach.py": "from readmission.registry import promotion",
        "k8s/commands/kubectl.py": "import kubernetes",
        "k8s/commands/images.py": "import readmission.brand_new",
    },
    "dags": {
        "dags/train_model.py": "import pandas",
        "dags/preprocesar_datos.py": "from readmission.registry import promotion",
        "dags/wiring.py": "import readmission.brand_new",
    },
}


def lint_imports(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--no-logo", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the contracts are about, which passes them."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in LINTER["root_packages"]:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
        # A folder without it is one package with the folder of that name on Python's path, which is the real one.
        (tmp_path / package / "__init__.py").touch()
    return tmp_path


def plant(module: Path, line: str) -> None:
    """Imports late, as one who hides it from a look at the module's head."""
    module.write_text(f"{module.read_text(encoding='utf-8')}\n\ndef _late() -> None:\n    {line}\n", encoding="utf-8")


def test_the_source_keeps_every_contract(tree: Path) -> None:
    outcome = lint_imports(tree)
    assert outcome.returncode == 0, outcome.stdout
    assert f"{len(CONTRACTS)} kept, 0 broken" in outcome.stdout


@pytest.mark.parametrize("contract", FORBIDDEN)
def test_a_forbidden_import_breaks_the_contract(tree: Path, contract: str) -> None:
    (tree / NEW_PACKAGE).touch()
    for module, line in FORBIDDEN[contract].items():
        plant(tree / module, line)
    outcome = lint_imports(tree, "--contract", contract)
    assert outcome.returncode == 1
    assert f"{CONTRACTS[contract]['name']} BROKEN" in outcome.stdout, outcome.stdout
    for module, line in FORBIDDEN[contract].items():
        importer, imported = module.removesuffix(".py").replace("/", "."), line.split()[1]
        assert f"{importer} -> {imported}" in outcome.stdout


def test_a_package_without_a_place_breaks_the_layers(tree: Path) -> None:
    (tree / NEW_PACKAGE).touch()
    outcome = lint_imports(tree, "--contract", "layers")
    assert outcome.returncode == 1
    assert "readmission.brand_new" in outcome.stdout


def test_each_contract_is_seen_to_fail() -> None:
    assert FORBIDDEN.keys() == CONTRACTS.keys()


def test_the_service_may_import_nothing_that_its_image_lacks() -> None:
    assert set(ABSENT_FROM_THE_IMAGE) <= set(CONTRACTS["service"]["forbidden_modules"])
