"""Schemathesis holds the running service against its own OpenAPI: every call that this allows, and many it does not."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from connections.api_keys import changing, made, new_key
from connections.settings import Settings
from tests.integration.app_back.conftest import Api
from tests.integration.app_back.registry import register
from tests.integration.app_back.servers import own_settings, running_api, wait_for

pytestmark = pytest.mark.slow

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
SEED, EXAMPLES = "12", "30"
BATCH = "/predict/batch"
# CSV and NDJSON have no schema that could say which texts are good, and `on_error=report` answers bad rows with 200.
NOT_OF_A_BATCH = "positive_data_acceptance,negative_data_rejection"


@pytest.fixture(scope="module")
def api(stores: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A service that asks for a key: what its schema says of keys is tried too."""
    folder, key = tmp_path_factory.mktemp("api"), new_key()
    settings = own_settings(stores.model_copy(update={"api_auth": "on"}), folder, "schemathesis")
    with changing(settings.keys_file) as keys:
        keys.append(made("tests", "read", key))
    registered = register(settings, folder / "files")
    with running_api(settings) as http:
        http.headers["X-API-Key"] = key
        wait_for(lambda: http.get("/health/ready").status_code == 200)
        yield Api(http, settings, registered)


def compared(api: Api, folder: Path, schema: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """What all of Schemathesis's checks say of a schema and the running service."""
    command = [
        str(SCHEMATHESIS), "run", schema, "--url", str(api.http.base_url), "--checks", "all", "--seed", SEED,
        "--max-examples", EXAMPLES, "--generation-database", "none", "--continue-on-failure", "--no-color",
        "--header", f"X-API-Key: {api.http.headers['X-API-Key']}", *arguments,
    ]  # fmt: skip
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


def test_the_service_does_what_its_schema_says_and_nothing_else(api: Api, tmp_path: Path) -> None:
    """No 5xx; statuses, media types and answers as documented; good requests taken, bad ones and methods refused."""
    told = compared(api, tmp_path, f"{api.http.base_url}/openapi.json", "--exclude-path", BATCH)
    paths = api.http.get("/openapi.json").json()["paths"]
    operations = sum(len(methods) for path, methods in paths.items() if path != BATCH)
    assert told.returncode == 0, told.stdout + told.stderr
    assert f"Tested: {operations}\n" in told.stdout
    found = re.search(r"(\d+) generated, (\d+) passed", told.stdout)
    assert found is not None and found[1] == found[2] and int(found[1]) > 500, told.stdout


def test_a_batch_is_answered_as_its_schema_says(api: Api, tmp_path: Path) -> None:
    told = compared(
        api, tmp_path, f"{api.http.base_url}/openapi.json", "--include-path", BATCH,
        "--phases", "coverage,fuzzing", "--exclude-checks", NOT_OF_A_BATCH,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr
    assert "Tested: 1\n" in told.stdout


@pytest.mark.parametrize(
    ("maximum", "mode", "said"),
    [(130, "positive", "Schema-valid request rejected"), (110, "negative", "Schema-violating request accepted")],
)
def test_a_schema_that_says_more_or_less_than_is_so_is_found_out(
    api: Api, tmp_path: Path, maximum: int, mode: str, said: str
) -> None:
    schema = api.http.get("/openapi.json").json()
    request = schema["components"]["schemas"]["PredictionRequest"]
    schema["paths"]["/predict"]["post"].pop("parameters")  # of the body alone, not of what may stand in the address
    request["properties"] = {"age": request["properties"]["age"] | {"maximum": maximum}}
    (tmp_path / "openapi.json").write_text(json.dumps(schema), encoding="utf-8")
    told = compared(api, tmp_path, "openapi.json", "--include-path", "/predict", "--phases", "coverage", "--mode", mode)
    assert told.returncode == 1 and said in told.stdout, told.stdout
