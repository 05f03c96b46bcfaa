"""What the code offers is documented, and what is documented is there: settings, commands, endpoints and columns."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, Table
from typer.core import TyperArgument, TyperCommand, TyperGroup
from typer.main import get_command

from app_back.errors import ServiceError
from app_back.main import create_app
from app_back.metrics import Metrics
from connections.setting_rules import PLACEHOLDER
from connections.settings import Settings
from connections.tables import CLEAN, RAW
from k8s.commands.__main__ import app as on_cluster
from readmission.cli import app
from readmission.features import BY_NAME, FIELDS, MISSING_WORDS
from readmission.prediction import PredictionResponse
from readmission.storage.contract_tables import SPLITS, initial_data_table, prepared_name, prepared_table
from tests.conftest import ROOT
from tests.unit.docs import pages

SETTINGS, COMMANDS, API, TABLES = (pages.DOCS / f"{name}.md" for name in ("settings", "commands", "api", "tables"))


def differences(there: Iterable[str], documented: Iterable[str]) -> list[str]:
    """One line for each name that only one side has, or that is documented twice."""
    offered, told = list(there), list(documented)
    return [
        *(f"{name} is not documented" for name in offered if name not in told),
        *(f"{name} is documented and does not exist" for name in dict.fromkeys(told) if name not in offered),
        *(f"{name} is documented twice" for name in dict.fromkeys(told) if told.count(name) > 1),
    ]


@pytest.mark.parametrize("page", [SETTINGS, COMMANDS, API, TABLES], ids=lambda page: page.stem)
def test_every_row_explains_what_it_names(page: Path) -> None:
    rows = pages.rows(pages.read(page))
    assert rows != []
    assert [row.names for row in rows if not row.cells or not all(row.cells)] == []


# Settings -------------------------------------------------------------------------------------------------------------

EXAMPLE = dict(
    re.findall(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", (ROOT / ".env.example").read_text(encoding="utf-8"), flags=re.MULTILINE)
)
SETTING_ROWS = {name: row for row in pages.rows(pages.read(SETTINGS)) for name in row.names}


def test_every_setting_is_documented() -> None:
    there = dict.fromkeys((*(name.upper() for name in Settings.model_fields), *EXAMPLE))
    assert differences(there, pages.documented(pages.read(SETTINGS))) == []


@pytest.mark.parametrize("name", sorted(set(EXAMPLE) & set(SETTING_ROWS)))
def test_the_documented_default_of_a_setting_is_its_own(name: str) -> None:
    default, told = EXAMPLE[name], SETTING_ROWS[name].cells[0].strip("`")
    if told.endswith("…"):
        assert default.startswith(told.removesuffix("…"))
    else:
        assert told == {"": "empty", PLACEHOLDER: "random"}.get(default, default)


# Commands -------------------------------------------------------------------------------------------------------------


def _commands() -> dict[str, dict[str, str]]:
    """Each command of `readmission`, with the options and arguments it takes and their defaults."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    taken: dict[str, dict[str, str]] = {}
    for name, command in _leaves(group):
        taken[f"readmission {name}"] = {
            param.opts[0].upper() if isinstance(param, TyperArgument) else param.opts[0]: _default(param.default)
            for param in command.params
        }
    own = {param.opts[0]: "none" for param in group.params if not param.opts[0].endswith("-completion")}
    return {"readmission": own} | taken


def _leaves(group: TyperGroup) -> Iterator[tuple[str, TyperCommand]]:
    """The commands of a group and of the groups in it, by the words that call them."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from ((f"{name} {below}", leaf) for below, leaf in _leaves(command))
        else:
            assert isinstance(command, TyperCommand)
            yield name, command


def _default(value: object) -> str:
    return "none" if value is None or value is False else str(value)


def test_every_make_target_is_documented() -> None:
    makefiles = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("Makefile", "compose.mk", "k8s.mk"))
    targets = re.findall(r"^([a-z0-9-]+):.*## ", makefiles, flags=re.MULTILINE)
    told = pages.documented(pages.section(COMMANDS, "make"))
    assert differences((f"make {target}" for target in targets), told) == []


def test_every_variable_of_the_clusters_commands_is_documented() -> None:
    command = get_command(on_cluster)
    assert isinstance(command, TyperGroup)
    options = {str(param.envvar) for one in command.commands.values() for param in one.params if param.envvar}
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "k8s/commands").glob("*.py"))
    read = set(re.findall(r"os\.environ\.get\(\"(\w+)\"\)", sources)) - SETTING_ROWS.keys()
    rows = [row for row in pages.rows(pages.section(COMMANDS, "make")) if row.names[0].startswith("make k8s-")]
    told = {name for row in rows for name in re.findall(r"`([A-Z_]+)[=`]", row.cells[0])}
    assert {"OVERLAY", "KUBECTL"} < told == options | read


def test_every_command_of_readmission_is_documented() -> None:
    sections = [title.strip("`") for title in pages.titles(COMMANDS) if title.startswith("`readmission")]
    assert differences(_commands(), sections) == []


@pytest.mark.parametrize("name", _commands())
def test_every_option_of_a_command_is_documented_with_its_default(name: str) -> None:
    taken, text = _commands()[name], _own_part(pages.section(COMMANDS, f"`{name}`"))
    assert differences(taken, pages.documented(text)) == []
    told = {row.names[0]: row.cells[0].strip("`") for row in pages.rows(text)}
    assert told == taken


def _own_part(text: str) -> str:
    """A section without the sections inside it."""
    return re.split(r"^#", text, maxsplit=1, flags=re.MULTILINE)[0]


# Endpoints ------------------------------------------------------------------------------------------------------------


@cache
def _schema() -> dict[str, Any]:
    return create_app(Settings()).openapi()


def _endpoints() -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, operations in _schema()["paths"].items()
        for method, operation in operations.items()
    }


def _fields(schema: dict[str, Any], components: dict[str, Any]) -> Iterator[str]:
    """The names in an answer, and in what it lists."""
    if "$ref" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    for name, kind in schema.get("properties", {}).items():
        yield name
        yield from _fields(kind.get("items", {}), components)


def test_every_endpoint_is_documented() -> None:
    told = pages.documented(pages.section(API, "Endpoints"))
    assert differences(_endpoints(), told) == []


@pytest.mark.parametrize("endpoint", _endpoints())
def test_the_statuses_of_an_endpoint_are_documented(endpoint: str) -> None:
    row = next(row for row in pages.rows(pages.section(API, "Endpoints")) if endpoint in row.names)
    assert set(re.findall(r"\b\d{3}\b", row.cells[1])) == set(_endpoints()[endpoint]["responses"])


@pytest.mark.parametrize("endpoint", [name for name in _endpoints() if not re.search("/health|/metrics", name)])
def test_every_field_of_an_answer_is_documented(endpoint: str) -> None:
    answer = _endpoints()[endpoint]["responses"]["200"]["content"]["application/json"]["schema"]
    fields = _fields(answer, _schema()["components"]["schemas"])
    assert differences(fields, pages.documented(pages.section(API, f"Answer of `{endpoint}`"))) == []


def test_every_figure_is_documented() -> None:
    shown = re.findall(r"^# HELP (\S+)", Metrics().exposed().decode(), re.MULTILINE)
    assert differences(shown, pages.documented(pages.section(API, "Figures of `GET /metrics`"))) == []


def test_every_field_of_a_request_is_documented() -> None:
    told = pages.documented(pages.section(API, "Fields of a request"))
    assert differences((field.name for field in FIELDS), told) == []


def test_the_words_for_missing_are_documented() -> None:
    told = pages.section(API, "Texts without a closed list").split("The words:")[1].split("\n\n")[0]
    assert differences(MISSING_WORDS, re.findall(r"`([a-z]+)`", told)) == []


def test_the_answer_that_the_page_shows_has_the_answers_fields() -> None:
    shown = re.search(r"```json\n(.*?)```", API.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert shown is not None
    # The reasons come where they are asked for alone.
    assert [*json.loads(shown[1]), "reasons"] == list(PredictionResponse.model_fields)


def test_the_default_and_range_of_a_requests_field_are_its_own() -> None:
    for row in pages.rows(pages.section(API, "The original 20")):
        field = BY_NAME[row.names[0]]
        assert row.cells[0].strip("`") == str(field.default), field.name
        if field.kind == "number":
            assert row.cells[1] == f"{field.minimum} to {field.maximum}", field.name
        else:
            assert re.findall(r"`([^`]+)`", row.cells[1]) == list(field.vocabulary), field.name


def test_every_code_of_an_error_is_documented() -> None:
    told = pages.documented(pages.section(API, "Errors"))
    sources = (ROOT / "app_back/errors.py", ROOT / "app_back/access/refusals.py")
    source = "".join(path.read_text(encoding="utf-8") for path in sources)
    assert {error.code for error in _raised(ServiceError)} - set(told) == set()
    assert [code for code in told if f'"{code}"' not in source] == []


def _raised(kind: type[ServiceError]) -> Iterator[type[ServiceError]]:
    """The kinds of failure below one that have none below them."""
    for below in kind.__subclasses__():
        yield from _raised(below) if below.__subclasses__() else (below,)


# Columns --------------------------------------------------------------------------------------------------------------


def _tables() -> dict[str, Table]:
    prepared = [prepared_table(MetaData(), prepared_name(split), split) for split in SPLITS]
    raw = [initial_data_table(MetaData()), *RAW.tables.values()]
    return {
        f"{database}.{table.name}": table
        for database, tables in (("RAW_DATA", raw), ("CLEAN_DATA", [*prepared, *CLEAN.tables.values()]))
        for table in tables
    }


def test_every_table_is_documented() -> None:
    told = [name for title in pages.titles(TABLES) for name in re.findall(r"`((?:RAW|CLEAN)_DATA\.\w+)`", title)]
    assert differences(_tables(), told) == []


@pytest.mark.parametrize("title", [title for title in pages.titles(TABLES) if "_DATA." in title])
def test_every_column_of_a_table_is_documented(title: str) -> None:
    """A section may document several tables, whose columns are nearly the same."""
    tables = [table for name, table in _tables().items() if f"`{name}`" in title]
    columns = dict.fromkeys(column.name for table in tables for column in table.columns)
    assert differences(columns, pages.documented(pages.section(TABLES, title))) == []
