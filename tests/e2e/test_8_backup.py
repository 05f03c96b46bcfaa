"""A backup is brought back into a fresh stack, and what was forgotten since is deleted once more."""

import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from scripts.env_file import filled
from tests.e2e.stack import ROOT, Stack, docker, engine_environment, images
from tests.free_ports import free_port
from tests.outside import store_image
from tests.outside.figures import Figures

PROJECT = "readmission-backup"
STORES = ("mysql", "postgres", "minio", "keeper", "migrate", "bucket")
FIRST = (
    "INSERT INTO RAW_DATA.predictions (prediction_id, created_at, encounter_ref, inputs, prediction, probability, "
    "threshold, model_name, model_version, dataset) VALUES ('{id}', UTC_TIMESTAMP(6), '{ref}', '{{}}', 1, 0.5, 0.1, "
    "'m', '1', 'real')"
)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory, figures: Figures) -> Iterator[Stack]:
    """The stores and what works on them, without Airflow, MLflow and the service."""
    folder = tmp_path_factory.mktemp("backup")
    (folder / "data").mkdir()
    own = {"COMPOSE_PROJECT_NAME": PROJECT, "DATASET_DIR": str(folder / "data")}
    own |= {name: str(free_port()) for name in ("MYSQL_PORT", "S3_PORT", "MINIO_CONSOLE_PORT")}
    example = filled((ROOT / ".env.example").read_text(encoding="utf-8"))
    (folder / "env").write_text(example + "".join(f"{name}={text}\n" for name, text in own.items()), encoding="utf-8")
    stack = Stack(PROJECT, folder / "env", folder / "data")
    if tag := store_image.built_here(figures):
        stack.set("MINIO_IMAGE", tag)
    stack.compose("build", "keeper", "bucket")
    yield stack
    stack.compose("down", "--volumes", "--timeout", "1")
    docker("image", "rm", *images(PROJECT))


def up(stack: Stack) -> None:
    stack.compose("up", "--detach", "--wait", "mysql", "postgres", "minio", "keeper")
    stack.compose("run", "--rm", "-T", "bucket")


def backup(stack: Stack, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = engine_environment() | {
        "COMPOSE_ENV_FILES": str(stack.env_file),
        "COMPOSE_PROJECT_NAME": stack.project,
    }
    command = (sys.executable, "compose/backup.py", *arguments)
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)


def add(stack: Stack, prediction_id: str, ref: str) -> None:
    with stack.database("api", "RAW_DATA").begin() as connection:
        connection.execute(text(FIRST.format(id=prediction_id, ref=ref)))


def logged(stack: Stack) -> list[str]:
    with stack.database("api", "RAW_DATA").connect() as connection:
        return list(connection.execute(text("SELECT prediction_id FROM predictions ORDER BY 1")).scalars())


def in_airflow(stack: Stack, statement: str) -> str:
    return stack.compose("exec", "-T", "postgres", "psql", "-qtAU", "airflow", "-c", statement).strip()


def put(stack: Stack, body: bytes) -> None:
    with stack.object_store() as s3:
        s3.put_object(Bucket="mlflows3", Key="1/models/m-1/artifacts/model.onnx", Body=body)


def got(stack: Stack) -> bytes:
    with stack.object_store() as s3:
        return s3.get_object(Bucket="mlflows3", Key="1/models/m-1/artifacts/model.onnx")["Body"].read()


def test_all_stores_come_back_and_what_was_forgotten_does_not(stores: Stack, tmp_path: Path) -> None:
    up(stores)
    add(stores, "kept", "one")
    add(stores, "gone", "two")
    put(stores, b"a model")
    in_airflow(stores, "CREATE TABLE dag_run (run_id TEXT); INSERT INTO dag_run VALUES ('first')")
    saved = backup(stores, "save", str(tmp_path))
    assert saved.returncode == 0, saved.stderr
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o077 == 0
    with tarfile.open(file) as tar:
        manifest = json.loads(tar.extractfile("manifest.json").read())  # type: ignore[union-attr]
    assert manifest["binary_log"]["file"].startswith("binlog.") and manifest["binary_log"]["position"] > 0

    add(stores, "after", "three")
    put(stores, b"another model")
    in_airflow(stores, "INSERT INTO dag_run VALUES ('second')")
    stores.compose("exec", "-T", "keeper", "python", "-m", "readmission.cli", "forget", "--encounter-ref", "two")
    refused = backup(stores, "restore", str(file))
    assert refused.returncode == 1 and "has data: FORCE=1 replaces all of it" in refused.stderr
    assert logged(stores) == ["after", "kept"]

    restored = backup(stores, "restore", str(file), "--force")
    assert restored.returncode == 0, restored.stderr[-3_000:]
    up(stores)
    assert logged(stores) == ["kept"], "what was forgotten after the backup does not come back with it"
    assert got(stores) == b"a model"
    assert in_airflow(stores, "SELECT run_id FROM dag_run") == "first"

    stores.compose("down", "--volumes", "--timeout", "1")
    assert backup(stores, "restore", str(file)).returncode == 0, "into an empty stack without being told"
    up(stores)
    assert logged(stores) == ["gone", "kept"], "a fresh machine has no record but the backup's"


def test_a_file_that_is_not_whole_is_refused_before_anything_changes(stores: Stack, tmp_path: Path) -> None:
    up(stores)
    assert backup(stores, "save", str(tmp_path)).returncode == 0
    (file,) = tmp_path.iterdir()
    whole, before = file.read_bytes(), logged(stores)
    place = whole.index(b"-- Dump completed")
    for harmed in (whole[: len(whole) // 2], whole[:place] + b"=" + whole[place + 1 :], b"nothing of the kind"):
        file.write_bytes(harmed)
        refused = backup(stores, "restore", str(file), "--force")
        assert refused.returncode == 1 and "nothing was changed" in refused.stderr
    assert logged(stores) == before
