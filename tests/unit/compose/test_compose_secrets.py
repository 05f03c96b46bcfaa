"""Which container is given which secret, and what is refused before anything starts."""

import importlib.util
import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import Column, MetaData, Table
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement

from connections import api_keys, setting_rules
from connections.tables import predictions
from tests.conftest import ROOT

CHECK = "env-check-run-make-env"
Services = dict[str, dict[str, Any]]
GOOD = {
    "BIND_ADDRESS": "127.0.0.1",
    "MYSQL_ROOT_PASSWORD": "kT3-x_9bV7~qLw2.Zp0",
    "AWS_SECRET_ACCESS_KEY": "aB.9~Mn4xQ7-vTs1_Ke",
}
# What `make up` adds beside such an address.
OPEN = {"BIND_ADDRESS": "10.0.0.7", "PUBLIC_HOST": "10.0.0.7", "COMPOSE_PROFILES": "tls", "PUBLIC_SCHEME": "https"}
HOLDERS = {
    "MYSQL_ROOT_PASSWORD": {"mysql"},
    "MYSQL_OWNER_PASSWORD": {"mysql", "migrate"},
    "MYSQL_KEEPER_PASSWORD": {"mysql", "keeper"},
    "FORGET_KEY": {"api", "keeper"},
    "MYSQL_API_PASSWORD": {"mysql", "api"},
    "MYSQL_MLFLOW_PASSWORD": {"mysql", "mlflow"},
    "MYSQL_PIPELINE_PASSWORD": {"mysql", "airflow-worker"},
    "MLFLOW_ADMIN_PASSWORD": {"mlflow"},
    "MLFLOW_PIPELINE_PASSWORD": {"mlflow", "airflow-worker", "adopt"},
    "MLFLOW_API_PASSWORD": {"mlflow", "api"},
    "MODEL_SIGNING_KEY": {"adopt", "airflow-worker"},
    "MODEL_PUBLIC_KEYS": {"adopt", "airflow-worker", "api"},
    "FORM_API_KEY": {"front"},
    "FORM_PASSWORD": {"front"},
    "FORM_COOKIE_SECRET": {"front"},
    "FORM_OIDC_CLIENT_SECRET": {"front"},
    "AIRFLOW_ADMIN_PASSWORD": {"airflow-init", "run-pipeline"},
    "AIRFLOW_FERNET_KEY": {"airflow-apiserver", "airflow-scheduler", "airflow-triggerer"},
    "AIRFLOW_JWT_SECRET": {"airflow-apiserver", "airflow-scheduler"},
    "AIRFLOW_SECRET_KEY": {"airflow-apiserver"},
    "POSTGRES_PASSWORD": {
        "postgres", "airflow-init", "airflow-apiserver", "airflow-scheduler", "airflow-dag-processor",
        "airflow-triggerer",
    },
    "REDIS_PASSWORD": {"redis", "airflow-scheduler", "airflow-worker"},
    # MLflow has keys of its own, in a volume that the job `store-account` and MLflow alone mount.
    "AWS_ACCESS_KEY_ID": {"minio", "bucket", "store-account"},
    "AWS_SECRET_ACCESS_KEY": {"minio", "bucket", "store-account"},
}  # fmt: skip


@pytest.fixture(scope="module")
def preflight() -> ModuleType:
    spec = importlib.util.spec_from_file_location("preflight", ROOT / "compose/preflight.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("secret", HOLDERS)
def test_a_secret_is_known_to_those_that_need_it_alone(services: Services, secret: str) -> None:
    holders = {name for name, service in services.items() if _mentions(service.get("environment", {}), secret)}
    assert holders == HOLDERS[secret] | {CHECK}


# Volumes with secrets in files: who writes them, and who reads them.
IN_FILES = {
    "store-keys": ({"store-account"}, {"mlflow"}),
    "api-keys": ({CHECK, "keys"}, {"api"}),
    "edge-certificate": ({CHECK}, {"edge"}),
}


@pytest.mark.parametrize("volume", IN_FILES)
def test_a_secret_in_a_file_is_seen_by_those_that_need_it_alone(services: Services, volume: str) -> None:
    mounts = {(name, str(one)) for name, each in services.items() for one in each.get("volumes", ())}
    seen = {name: mount for name, mount in mounts if mount.startswith(f"{volume}:")}
    readers = {name for name, mount in seen.items() if mount.endswith(":ro")}
    assert (seen.keys() - readers, readers) == IN_FILES[volume]


def test_every_secret_is_checked_first_and_its_absence_names_make_env(services: Services) -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    required = dict(re.findall(r"\$\{(\w+):\?([^}]*)\}", text))
    assert len(required) == 23
    assert required.keys() <= services[CHECK]["environment"].keys()
    assert all("make env" in message for message in required.values())
    for name in required:
        assert f"${{{name}:-" not in text, f"{name} has a default"


def test_every_variable_is_documented_in_the_example() -> None:
    used = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
    documented = set(re.findall(r"^#?([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.M))
    assert used - documented == set()


def test_everything_starts_after_the_check(services: Services) -> None:
    assert all(CHECK in _all_before(services, name) for name in services if name != CHECK)


def test_random_secrets_pass(preflight: ModuleType) -> None:
    assert preflight.problems(GOOD) == []
    assert preflight.warnings(GOOD) == []


@pytest.mark.parametrize("value", ["changethis", "changethis123", ""])
def test_a_placeholder_is_refused_with_what_to_do(preflight: ModuleType, value: str) -> None:
    (line,) = preflight.problems(GOOD | {"MYSQL_ROOT_PASSWORD": value})
    assert "MYSQL_ROOT_PASSWORD" in line and "make env" in line


@pytest.mark.parametrize("value", ["pass@word", 'quo"te', "a b", "50%", "a/b"])
def test_what_would_break_a_url_is_refused_and_not_repeated(preflight: ModuleType, value: str) -> None:
    (line,) = preflight.problems(GOOD | {"MYSQL_ROOT_PASSWORD": value})
    assert "letters, digits" in line and value not in line


@pytest.mark.parametrize(("added", "accepted"), [({}, True), (OPEN, False)])
def test_well_known_words_pass_on_loopback_with_a_warning(
    preflight: ModuleType, added: dict[str, str], accepted: bool
) -> None:
    values = GOOD | {"AWS_SECRET_ACCESS_KEY": "supersecret"} | added
    assert (preflight.problems(values) == []) is accepted
    assert len(preflight.warnings(values)) == (1 if accepted else 0)


def test_others_are_let_in_by_a_name_that_is_asked_for(preflight: ModuleType) -> None:
    (line,) = preflight.warnings(GOOD | {"BIND_ADDRESS": "0.0.0.0"})
    assert "PUBLIC_HOST" in line
    assert preflight.warnings(GOOD | {"BIND_ADDRESS": "0.0.0.0", "PUBLIC_HOST": "10.0.0.7"}) == []


def test_a_wrong_setting_is_refused_with_what_it_takes(preflight: ModuleType) -> None:
    lines = preflight.problems(GOOD | {"LOG_LEVEL": "loud", "TRAINING_JOBS": "0", "MODEL_NAME": "", "BUCKET": "mine"})
    assert [line.split(" (the shell")[0] for line in lines] == [
        "LOG_LEVEL: 'loud' is not allowed; it takes DEBUG, INFO, WARNING or ERROR",
        "TRAINING_JOBS: '0' is not allowed; it takes a whole number of 1 or more",
    ]


def test_a_shadow_that_would_answer_is_refused(preflight: ModuleType) -> None:
    (line,) = preflight.problems(GOOD | {"SHADOW_ALIAS": "production", "MODEL_ALIAS": ""})
    assert line.startswith("SHADOW_ALIAS: production is the alias of what answers")
    assert preflight.problems(GOOD | {"SHADOW_ALIAS": "challenger", "MODEL_ALIAS": ""}) == []


def test_docker_checks_every_setting_with_a_rule_that_its_services_read(services: Services) -> None:
    """The ports and the project's name are Compose's own to refuse, and `make up` looks at them before."""
    checked = set(services[CHECK]["environment"])
    read = set(re.findall(r"\$\{(\w+)", str({name: service for name, service in services.items() if name != CHECK})))
    unchecked = read & setting_rules.RULES.keys() - checked - {"COMPOSE_PROJECT_NAME"}
    assert {name for name in unchecked if not name.endswith("_PORT")} == set()
    assert "./connections:/connections:ro" in services[CHECK]["volumes"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder to group 0")
def test_the_data_folder_is_opened_to_airflows_group(preflight: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    file = tmp_path / "data/Diabetes.csv"
    file.touch(mode=0o600)
    (tmp_path / "data/link.csv").symlink_to("/nowhere")
    assert preflight.open_to_group(tmp_path / "data") == []
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o770
    assert (file.stat().st_mode & 0o777, file.stat().st_gid) == (0o660, 0)


def test_a_data_folder_whose_rights_cannot_change_is_a_warning(preflight: ModuleType, tmp_path: Path) -> None:
    (line,) = preflight.open_to_group(tmp_path / "nowhere")
    assert "nowhere" in line


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder away")
def test_the_form_is_known_from_the_first_start_and_keeps_other_keys(preflight: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "keys/keys.json"
    file.parent.mkdir()  # as the volume is
    assert preflight.let_the_form_in(file, "first") == []
    assert (file.parent.stat().st_uid, file.stat().st_uid) == (10001, 10001)
    with api_keys.changing(file) as keys:
        keys.append(api_keys.made("ward-7", "read", "another"))
    assert preflight.let_the_form_in(file, "second") == []
    found = {key.name: (key.role, key.sha256) for key in api_keys.read(file)}
    assert found == {
        "ward-7": ("read", api_keys.hashed("another")),
        "form": ("predict", api_keys.hashed("second")),
    }
    assert (file.parent.stat().st_uid, file.stat().st_uid, file.stat().st_mode & 0o777) == (10001, 10001, 0o600)


def test_a_damaged_file_of_keys_stops_the_start_and_is_left_alone(preflight: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("[{", encoding="utf-8")
    (line,) = preflight.let_the_form_in(tmp_path / "keys.json", "a-secret")
    assert "keys.json is no JSON" in line and "a-secret" not in line
    assert (tmp_path / "keys.json").read_text(encoding="utf-8") == "[{"


def test_a_provider_is_described_before_anything_starts(preflight: ModuleType) -> None:
    given = {"FORM_AUTH": "oidc", "FORM_OIDC_CLIENT_ID": "form", "FORM_OIDC_CLIENT_SECRET": "", "FORM_OIDC_ALLOWED": ""}
    named = [line.split(":")[0] for line in preflight.problems(GOOD | given)]
    assert named == ["FORM_OIDC_METADATA_URL", "FORM_OIDC_CLIENT_SECRET", "FORM_OIDC_ALLOWED"]
    assert preflight.problems(GOOD | given | {"FORM_AUTH": "password"}) == []


# Columns that a later migration adds.
ADDED_LATER = {"request_id", "shadow_version", "shadow_probability", "shadow_threshold"}


def test_the_first_migration_creates_predictions_as_the_code_declares_it() -> None:
    dialect = mysql.dialect()
    indexes = sorted(predictions.indexes, key=lambda index: str(index.name))
    first = [Column(each.name, each.type, primary_key=each.primary_key, nullable=each.nullable)
             for each in predictions.columns if each.name not in ADDED_LATER]  # fmt: skip
    declared: list[DDLElement] = [CreateTable(Table("predictions", MetaData(), *first)), *map(CreateIndex, indexes)]
    written = (ROOT / "readmission/storage/migrations/raw_data/0001_predictions.sql").read_text(encoding="utf-8")
    statements = [_words(s) for s in re.sub(r"^--.*$", "", written, flags=re.M).split(";") if s.strip()]
    assert statements == [_words(str(statement.compile(dialect=dialect))) for statement in declared]


def _words(sql: str) -> str:
    return re.sub(r"\s*([(),])\s*", r"\1", " ".join(sql.split()))


def _mentions(environment: Mapping[str, Any], variable: str) -> bool:
    return any(re.search(rf"\$\{{{variable}\b", str(value)) for value in environment.values())


def _all_before(services: Services, name: str) -> set[str]:
    direct = set(services[name].get("depends_on", {}))
    return direct.union(*(_all_before(services, other) for other in direct))
