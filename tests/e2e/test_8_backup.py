"""A backup is brought back into a fresh stack, and what was forgotten since is deleted once more."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from readmission.clock import epoch, now
from scripts.env_file import filled, with_public_key
from tests.conftest import Poll
from tests.e2e.stack import ROOT, Stack, docker, engine_environment, images
from tests.free_ports import free_port
from tests.outside import store_image
from tests.outside.figures import Figures

PROJECT = "readmission-backup"
CLI = "python -m readmission.cli"
BUILT = ("keeper", "bucket", "mlflow", "api")
PASSPHRASE = "four words of a ward"
# What a new machine's .env has others of, and what of the backup cannot be read without.
NEEDED = ("FORGET_KEY", "AIRFLOW_FERNET_KEY", "MODEL_PUBLIC_KEYS")
PORTS = ("MYSQL_PORT", "S3_PORT", "MINIO_CONSOLE_PORT", "MLFLOW_PORT", "API_PORT")
FIRST = (
    "INSERT INTO RAW_DATA.predictions (prediction_id, created_at, encounter_ref, inputs, prediction, probability, "
    "threshold, model_name, model_version, dataset) VALUES ('{id}', UTC_TIMESTAMP(6), '{ref}', '{{}}', 1, 0.5, 0.1, "
    "'m', '1', 'real')"
)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory, figures: Figures, room: None) -> Iterator[Stack]:  # noqa: ARG001
    """What holds data, with a model in production; without Airflow's services and the form."""
    folder = tmp_path_factory.mktemp("backup")
    (folder / "data").mkdir()
    own = {"COMPOSE_PROJECT_NAME": PROJECT, "DATASET_DIR": str(folder / "data")}
    own |= {name: str(free_port()) for name in PORTS}
    if tag := store_image.built_here(figures):
        own["MINIO_IMAGE"] = tag
    stack = Stack(PROJECT, folder / "env", folder / "data")
    write_env(stack, own)
    try:
        stack.compose("build", *BUILT)
        up(stack)
        train(stack)
        yield stack
    finally:
        stack.remove()
        docker("image", "rm", *images(PROJECT))


def write_env(stack: Stack, own: dict[str, str]) -> None:
    """Settings with secrets of their own, as those of a new machine."""
    example = filled((ROOT / ".env.example").read_text(encoding="utf-8"))
    text = example + "".join(f"{name}={value}\n" for name, value in own.items())
    stack.env_file.write_text(with_public_key(text), encoding="utf-8")


def up(stack: Stack) -> None:
    stack.compose("up", "--detach", "--wait", "mysql", "postgres", "minio", "keeper", "mlflow", "api")
    stack.compose("run", "--rm", "-T", "bucket")


def train(stack: Stack) -> None:
    """Trains a small model as the worker does, which puts it in production."""
    steps = " && ".join(f"{CLI} {step}" for step in ("load", "preprocess", "train --n-estimators 40"))
    made = ("-e", "DATASET_SOURCE=synthetic", "-e", "SYNTHETIC_ROWS=4000", "airflow-worker", "bash", "-c", steps)
    stack.compose("run", "--rm", "--no-deps", "-T", *made)


def backup(stack: Stack, *arguments: str, program: str = "compose.backup") -> "subprocess.CompletedProcess[str]":
    environment = engine_environment() | {
        "COMPOSE_ENV_FILES": str(stack.env_file),
        "COMPOSE_PROJECT_NAME": stack.project,
    }
    command = (sys.executable, "-m", program, *arguments)
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)


def answer(stack: Stack, poll: Poll) -> tuple[str, float]:
    """The version that answers a fixed encounter, and how."""
    poll(lambda: stack.ask("/model").json().get("version") is not None, deadline=60)
    answered = stack.ask("/predict", {"age": 85, "number_inpatient": 4, "encounter_ref": "fixed"}).json()
    return answered["model_version"], answered["probability"]


def add(stack: Stack, prediction_id: str, ref: str) -> None:
    with stack.database("api", "RAW_DATA").begin() as connection:
        connection.execute(text(FIRST.format(id=prediction_id, ref=ref)))


def logged(stack: Stack) -> list[str]:
    with stack.database("api", "RAW_DATA").connect() as connection:
        return list(connection.execute(text("SELECT prediction_id FROM predictions ORDER BY 1")).scalars())


def in_airflow(stack: Stack, statement: str) -> str:
    return stack.compose("exec", "-T", "postgres", "psql", "-qtAU", "airflow", "-c", statement).strip()


def objects(stack: Stack) -> set[str]:
    with stack.object_store() as s3:
        return {one["Key"] for one in s3.list_objects_v2(Bucket="mlflows3")["Contents"]}


def account_of_a_person(stack: Stack) -> tuple[str, str]:
    """Makes an account of MLflow."""
    said = stack.compose("exec", "-T", "mlflow", "python", "-m", "connections.mlflow_accounts", "create", "ana")
    return "ana", said.split()[-1]


def may_read(stack: Stack, login: tuple[str, str]) -> bool:
    url = f"{stack.address('mlflow', 5000)}/api/2.0/mlflow/registered-models/search"
    return httpx.get(url, auth=login, trust_env=False).status_code == 200


def key_of_a_ward(stack: Stack) -> str:
    """Makes a key of the prediction service."""
    return stack.compose("run", "--rm", "--no-deps", "-T", "keys", "create", "ward", "--role", "read").split()[-1]


def logged_as_told_to(stack: Stack, key: str) -> list[str]:
    """What the prediction service lists to who has a key."""
    url = f"{stack.address('api', 8000)}/predictions"
    listed = httpx.get(url, headers={"X-API-Key": key}, trust_env=False).raise_for_status().json()
    return sorted(one["encounter_ref"] for one in listed["predictions"])


def test_all_stores_come_back_and_what_was_forgotten_does_not(stores: Stack, tmp_path: Path, poll: Poll) -> None:
    first = answer(stores, poll)
    login, key = account_of_a_person(stores), key_of_a_ward(stores)
    add(stores, "kept", "one")
    add(stores, "gone", "two")
    in_airflow(stores, "CREATE TABLE dag_run (run_id TEXT); INSERT INTO dag_run VALUES ('first')")
    phrase = tmp_path / "phrase"
    phrase.write_text(f"{PASSPHRASE}\n", encoding="utf-8")
    saved = backup(stores, "save", str(tmp_path / "backups"), "--passphrase-file", str(phrase))
    assert saved.returncode == 0, saved.stderr
    (file,) = (tmp_path / "backups").glob("*.tar")
    assert file.stat().st_mode & 0o077 == 0
    assert b"Dump completed" not in file.read_bytes() and stores.env["FORGET_KEY"].encode() not in file.read_bytes()
    opened = ("--passphrase-file", str(phrase))

    add(stores, "soon", "soon")
    until = int(epoch(now()))
    poll(lambda: epoch(now()) >= until + 1.1, deadline=5)
    add(stores, "after", "three")
    again = ("airflow-worker", "python", "-m", "readmission.cli", "promote", "1", "--force", "--reason", "later")
    stores.compose("run", "--rm", "--no-deps", "-T", *again)
    in_airflow(stores, "INSERT INTO dag_run VALUES ('second'); CREATE TABLE of_a_later_release (run_id TEXT)")
    stores.compose("exec", "-T", "keeper", "python", "-m", "readmission.cli", "forget", "--encounter-ref", "two")
    refused = backup(stores, "restore", str(file), *opened)
    assert refused.returncode == 1 and "has data: FORCE=1 replaces all of it" in refused.stderr
    assert logged_as_told_to(stores, key) == ["fixed", "one", "soon", "three"]

    forward = ("--forward", "here", "--until", datetime.fromtimestamp(until, UTC).isoformat())
    restored = backup(stores, "restore", str(file), "--force", *forward, *opened)
    assert restored.returncode == 0, restored.stderr[-3_000:]
    up(stores)
    told = logged_as_told_to(stores, key)
    assert told == ["fixed", "one", "soon"], (
        "forward to the moment, and what was forgotten after it is gone all the same"
    )
    assert in_airflow(stores, "SELECT run_id FROM dag_run") == "first"
    assert in_airflow(stores, "SELECT to_regclass('of_a_later_release') IS NULL") == "t", "it would be in its way"
    assert answer(stores, poll) == first

    before, models = stores.env, {one for one in objects(stores) if one.endswith("forest.onnx")}
    stores.remove()
    write_env(stores, {name: before[name] for name in (*PORTS, "DATASET_DIR", "COMPOSE_PROJECT_NAME", "MINIO_IMAGE")})
    other = backup(stores, "restore", str(file), *opened)
    assert other.returncode == 1 and all(name in other.stderr for name in NEEDED), "another machine's secrets"
    assert "SECRETS=backup takes the backup's" in other.stderr
    restored = backup(stores, "restore", str(file), "--secrets", "backup", *opened)
    assert restored.returncode == 0, restored.stderr[-3_000:]
    up(stores)
    assert answer(stores, poll) == first, "the same version answers the same"
    assert models and models <= objects(stores)
    assert may_read(stores, login), "people's accounts of MLflow come along"
    told = logged_as_told_to(stores, key)
    assert told == ["fixed", "fixed", "one", "two"], "a fresh machine has no record but the backup's"
    assert in_airflow(stores, "SELECT run_id FROM dag_run") == "first"


def test_a_file_that_is_not_whole_is_refused_before_anything_changes(stores: Stack, tmp_path: Path) -> None:
    assert backup(stores, "save", str(tmp_path)).returncode == 0
    (file,) = tmp_path.glob("*.tar")
    whole, before = file.read_bytes(), logged(stores)
    place = whole.index(b"-- Dump completed")
    for harmed in (whole[: len(whole) // 2], whole[:place] + b"=" + whole[place + 1 :], b"nothing of the kind"):
        file.write_bytes(harmed)
        refused = backup(stores, "restore", str(file), "--force")
        assert refused.returncode == 1 and "nothing was changed" in refused.stderr
    assert logged(stores) == before


def test_what_an_upgrade_migrates_is_saved_first_and_half_an_upgrade_is_refused(stores: Stack, tmp_path: Path) -> None:
    quiet = backup(stores, str(tmp_path), program="compose.upgrade")
    assert quiet.returncode == 0 and list(tmp_path.iterdir()) == [], quiet.stderr
    with stores.database("owner", "CLEAN_DATA").begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'clean_0001'"))
    upgraded = backup(stores, str(tmp_path), program="compose.upgrade")
    assert upgraded.returncode == 0, upgraded.stderr
    assert "CLEAN_DATA is at revision clean_0001, and this release has clean_0003" in upgraded.stderr
    (file,) = tmp_path.glob("*.tar")
    with stores.database("mlflow", "mlflow").begin() as connection:
        later = "'MLflow' AS software, 'a' AS `before`, 'b' AS wanted, '2099-01-01 00:00:00' AS began"
        connection.execute(text(f"CREATE TABLE migration_under_way AS SELECT {later}"))
    refused = backup(stores, str(tmp_path), program="compose.upgrade")
    assert refused.returncode == 1 and f"`make restore FILE={file} FORCE=1`" in refused.stderr
