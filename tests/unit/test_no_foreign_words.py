"""Nothing of ours puts a library's error as it is into a message or a log: it may quote a patient's values."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGES = ("app_back", "app_front", "connections", "readmission", "dags")
# Of files, addresses and archives: they know no rows. A CSV's and a decoder's tell of places.
OF_NO_ROWS = {
    "OSError", "EOFError", "tarfile.TarError", "UnicodeDecodeError", "UnicodeError", "csv.Error",
    "httpx.HTTPError", "httpx.InvalidURL", "httpx.HTTPStatusError", "HTTPError", "_DAMAGED",
}  # fmt: skip
# Where what is read is no encounter.
NO_ENCOUNTERS = {
    "connections/backup_file.py": "a backup's own head",
    "connections/http_health.py": "what a health check is answered",
    "connections/mlflow_accounts.py": "what MLflow says of accounts",
    "connections/passphrase.py": "the file of a passphrase",
    "readmission/dataset/obtain.py": "a data set that could not be made up",
}


def own_errors() -> set[str]:
    """The names of every error that is written here."""
    found = {
        node.name
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and node.name.endswith("Error")
    }
    return found - {"OSError"}


OWN = own_errors()


def foreign(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {ast.unparse(kind).removeprefix("*") for kind in kinds if kind is not None}
    return not all(name in OF_NO_ROWS or name.rpartition(".")[2] in OWN for name in names)


def quoted(tree: ast.AST) -> Iterator[str]:
    """Each place at which the text of a library's error is taken."""
    for handler in (node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)):
        if handler.name and foreign(handler):
            for node in ast.walk(handler):
                if _takes_text(node, handler.name):
                    yield f"line {node.lineno}: {ast.unparse(node)}"  # type: ignore[attr-defined]


def _takes_text(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.FormattedValue):
        return isinstance(node.value, ast.Name) and node.value.id == name
    if isinstance(node, ast.Attribute):
        return isinstance(node.value, ast.Name) and node.value.id == name and node.attr == "message"
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("str", "repr", "traceback.format_exc"):
        return any(isinstance(argument, ast.Name) and argument.id == name for argument in node.args)
    return False


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def test_no_module_tells_the_words_of_a_library() -> None:
    found = {}
    for path in sources():
        place = path.relative_to(ROOT).as_posix()
        if place not in NO_ENCOUNTERS and (lines := list(quoted(ast.parse(path.read_text())))):
            found[place] = lines
    assert found == {}


def test_an_exception_of_the_rule_is_in_use() -> None:
    for place in NO_ENCOUNTERS:
        assert list(quoted(ast.parse((ROOT / place).read_text()))), place


@pytest.mark.parametrize(
    "code",
    [
        "try: f()\nexcept Exception as error: log(f'failed: {error}')",
        "try: f()\nexcept (LoadError, ValueError) as error: log(str(error))",
        "try: f()\nexcept DBAPIError as error: log(error.orig, str(error))",
    ],
)
def test_such_a_place_is_found(code: str) -> None:
    assert list(quoted(ast.parse(code)))
