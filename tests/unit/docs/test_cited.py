"""What a page tells people to type or to open is there: targets of make, commands, modules and paths."""

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from readmission.cli import app
from tests.conftest import ROOT
from tests.unit.docs import pages

MAKEFILES = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("Makefile", "compose.mk", "k8s.mk"))
TARGETS = set(re.findall(r"^([a-z0-9-]+):", MAKEFILES, flags=re.MULTILINE))
# What commands make is not in the repository, and git is told so.
MADE = [line.strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").split() if line[0] != "!"]
PATH = re.compile(r"[\w.-]+(/[\w.*-]+)+/?|\.?\w[\w-]*/|[\w.-]+\.(md|py|toml|yml|txt|png|mk|csv)")
A_COMMAND = re.compile(r"`(make |python -m )[^`]+`")

each_page = pytest.mark.parametrize("page", pages.PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def _is_there(path: str) -> bool:
    places = [path.rstrip("/"), *(str(parent) for parent in Path(path).parents)]
    return (ROOT / path).exists() or any(fnmatch(place, made) for place in places for made in MADE)


def _can_be_run(module: Path) -> bool:
    return module.with_suffix(".py").exists() or (module / "__main__.py").exists()


@each_page
def test_a_target_of_make_is_there(page: Path) -> None:
    cited = {target for piece in pages.code(page) for target in re.findall(r"\bmake ([a-z][a-z0-9-]*)", piece)}
    assert cited - TARGETS == set()


@each_page
def test_a_command_of_readmission_is_there(page: Path) -> None:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    cited = {name for piece in pages.code(page) for name in re.findall(r"(?:^|/)readmission ([a-z][a-z-]*)", piece)}
    assert cited - set(group.commands) == set()


@each_page
def test_a_module_to_run_is_there(page: Path) -> None:
    cited = {name for piece in pages.code(page) for name in re.findall(r"\bpython -m ([\w.]+)", piece)}
    assert [name for name in cited if not _can_be_run(ROOT / name.replace(".", "/"))] == []


@each_page
def test_a_path_is_in_the_repository_or_made_by_a_command(page: Path) -> None:
    cited = dict.fromkeys(piece for piece in pages.inline_code(page) if PATH.fullmatch(piece))
    assert [path for path in cited if not _is_there(path)] == []


def test_every_figure_of_readme_names_the_command_that_prints_it() -> None:
    _header, _rule, *figures = pages.table(pages.section(ROOT / "README.md", "Figures"))
    assert figures != []
    assert [what for what, *_, command in figures if not A_COMMAND.fullmatch(command)] == []
