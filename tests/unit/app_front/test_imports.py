"""The form knows the contract, its address setting and HTTP; nothing of the rest of the platform."""

import ast
from collections.abc import Iterator

from tests.conftest import ROOT

PACKAGES = {path.parent.name for path in ROOT.glob("*/__init__.py")}
ALLOWED = {"readmission.features", "connections.settings"}


def imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute, so that this test sees them"
            module = node.module or ""
            whole = module in PACKAGES
            yield from (f"{module}.{alias.name}" for alias in node.names) if whole else (module,)


def forbidden(source: str) -> set[str]:
    ours = {name for name in imported(source) if name.split(".")[0] in PACKAGES}
    return {name for name in ours if not name.startswith("app_front.")} - ALLOWED


def test_the_form_imports_only_the_contract_and_its_settings() -> None:
    files = list((ROOT / "app_front").rglob("*.py"))
    assert len(files) >= 6
    assert {path.name: found for path in files if (found := forbidden(path.read_text("utf-8")))} == {}


def test_the_check_sees_every_way_to_import() -> None:
    source = (
        "import readmission.inference\nfrom connections import tables\ndef f():\n    from app_back.main import app\n"
    )
    assert forbidden(source) == {"readmission.inference", "connections.tables", "app_back.main"}
