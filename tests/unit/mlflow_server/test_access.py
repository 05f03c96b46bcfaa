"""What of MLflow is open, and to whom: each path of the routes that the installed release has."""

import re
import runpy
from pathlib import Path

import mlflow
import pytest

from tests.conftest import ROOT

ACCESS = runpy.run_path(str(ROOT / "mlflow/access.py"))
LEVEL, level_of, stays_inside = ACCESS["Level"], ACCESS["level_of"], ACCESS["stays_inside"]
# Words of the parts that make a server call others, run something, or keep files elsewhere.
CLOSED = (
    "webhook", "gateway", "job", "trace", "assistant", "mcp", "prompt", "scorer", "presigned", "mpu", "upload",
    "workspace", "issues", "demo", "genai", "signup", "create-ui", "permissions/", "review", "label-schemas",
)  # fmt: skip


def routes() -> list[str]:
    """The paths that MLflow declares to the compilers of its API, as far as they are texts in its source."""
    server = Path(mlflow.__file__).parent / "protos"
    found = {
        path for file in server.glob("*_pb2.py") for path in re.findall(r"/mlflow/[\w/{}.-]+", file.read_text("utf-8"))
    }
    return sorted(found)


def test_what_is_dangerous_is_open_to_nobody() -> None:
    listed = routes()
    assert len(listed) > 100
    dangerous = [path for path in listed if any(word in path for word in CLOSED)]
    assert len(dangerous) > 40
    reached = {
        f"{method} {path}"
        for path in dangerous
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        for version in ("2.0", "3.0")
        if level_of(method, f"/api/{version}{re.sub(r'{[^}]+}', 'x', path)}") is not None
    }
    assert reached == set()


@pytest.mark.parametrize(
    ("method", "path", "level"),
    [
        ("GET", "/health", "OPEN"),
        ("HEAD", "/health", "OPEN"),
        ("GET", "/", "READ"),
        ("GET", "/ajax-api/2.0/mlflow/runs/get", "READ"),
        ("POST", "/api/2.0/mlflow/runs/create", "WRITE"),
        ("PUT", "/api/2.0/mlflow-artifacts/artifacts/1/a.txt", "WRITE"),
        ("POST", "/api/2.0/mlflow/runs/delete", "ADMIN"),
        ("DELETE", "/api/2.0/mlflow-artifacts/artifacts/1/a.txt", "ADMIN"),
        ("POST", "/api/2.0/mlflow/users/create", "ADMIN"),
    ],
)
def test_a_path_has_its_level(method: str, path: str, level: str) -> None:
    assert level_of(method, path) == LEVEL[level]


@pytest.mark.parametrize(
    "path",
    ["/health/", "/healthy", "//health", "/health\n", "/api/2.0/mlflow/runs/create/", "/api/2.0//mlflow/runs/get",
     "/API/2.0/mlflow/runs/get", "/api/1.0/mlflow/runs/get", "/x/api/2.0/mlflow/runs/get"],
)  # fmt: skip
def test_a_path_that_is_nearly_one_is_none(path: str) -> None:
    assert [level_of(method, path) for method in ("GET", "POST")] == [None, None]


@pytest.mark.parametrize("query", ["path=a/b", "path=", "path=a%20b/c.txt", "path=a/", "run_id=../x", "max_results=1"])
def test_a_path_below_is_let_through(query: str) -> None:
    assert stays_inside("/api/2.0/mlflow/artifacts/list", query)


@pytest.mark.parametrize(
    "query", ["path=../a", "path=/a", "path=a/../../b", "PATH=..", "path=a&path=..", "x_path=..%5c"]
)
def test_a_path_that_leads_out_is_not(query: str) -> None:
    assert not stays_inside("/api/2.0/mlflow/artifacts/list", query)
