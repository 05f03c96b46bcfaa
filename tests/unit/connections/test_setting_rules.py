"""A setting that is not what it may be is named, with where it is set and what is allowed; what is clear is taken."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from connections import own_platform, setting_rules, settings, settings_file
from connections.settings import ENV_FILE, Settings, SettingsError, get_settings
from tests.conftest import ROOT

SECRET = "hunter2"
WRONG = {
    "LOG_LEVEL": ("trace", "'trace' is not allowed; it takes DEBUG, INFO, WARNING or ERROR"),
    "DATABASE_URL": (f"postgres://me:{SECRET}@db/app", "postgres://… is not allowed; it takes mysql+pymysql://"),
    "MLFLOW_TRACKING_URI": ("databricks", "'databricks' is not allowed; it takes an address that begins with http"),
    "MLFLOW_PORT": ("abc", "'abc' is not allowed; it takes a whole number from 1 to 65,535"),
    "API_PORT": ("0", "'0' is not allowed; it takes a whole number from 1 to 65,535"),
    "PORT_OFFSET": ("-1", "'-1' is not allowed; it takes a whole number from 0 to 50,000"),
    "DATASET_SHA256": ("abc", "'abc' is not allowed; it takes the 64 hexadecimal digits of a SHA-256"),
    "SYNTHETIC_ROWS": ("10", "'10' is not allowed; it takes a whole number of 1,000 or more"),
    "TRAINING_JOBS": ("all", "'all' is not allowed; it takes a whole number of 1 or more"),
    "MODEL_POLL_SECONDS": ("0", "'0' is not allowed; it takes a number of seconds above 0"),
    "MODEL_ALIAS": ("latest", "'latest' is not allowed; it takes letters, digits, _ and -"),
    "BIND_ADDRESS": ("http://0.0.0.0", "http://… is not allowed; it takes a name or address of this machine, "),
    "AIRFLOW_FERNET_KEY": (SECRET, "what it holds is not allowed; it takes 32 bytes in URL-safe base64"),
    "AIRFLOW_JWT_SECRET": ("changethis", "still holds the placeholder 'changethis'; run `make env`"),
    "PUBLIC_HOST": (f"me:{SECRET}@ward", "what it holds is not allowed; it takes a name or address of a machine"),
    "BUCKET": ("My_Bucket", "'My_Bucket' is not allowed; it takes 3 to 63 lower-case letters"),
}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file of settings that is the process's own."""
    path = tmp_path / "own.env"
    monkeypatch.setenv(ENV_FILE, str(path))
    get_settings.cache_clear()
    yield path
    get_settings.cache_clear()


def _refused() -> str:
    with pytest.raises(SettingsError) as refusal:
        get_settings()
    return str(refusal.value)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_is_named_with_its_source_and_what_is_allowed(
    name: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    value, complaint = WRONG[name]
    file.write_text(f"{name}={value}\n")
    assert _refused().startswith(f"{name} (.env): {complaint}")
    monkeypatch.setenv(name, value)
    said = _refused()
    assert said.startswith(f"{name} (environment): {complaint}") and f"`unset {name}`" in said
    assert SECRET not in said and "\n" not in said


def test_a_name_in_small_letters_is_the_environments_too(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("LOG_LEVEL=info\n")
    monkeypatch.setenv("log_level", "loud")
    assert _refused().startswith("LOG_LEVEL (environment): 'loud' is not allowed")


def test_every_wrong_setting_has_a_line(file: Path) -> None:
    file.write_text("LOG_LEVEL=loud\nAPI_PORT=x\nDATASET_SHA256=y\n")
    assert [line.split()[0] for line in _refused().splitlines()] == ["API_PORT", "DATASET_SHA256", "LOG_LEVEL"]


@pytest.mark.parametrize(("value", "level"), [("info", "INFO"), ("Debug", "DEBUG"), ("warn", "WARNING")])
def test_a_level_is_taken_in_any_case(value: str, level: str, file: Path) -> None:
    file.write_text(f"LOG_LEVEL={value}\n")
    assert get_settings().log_level == level


def test_what_others_call_mysql_is_taken(file: Path) -> None:
    file.write_text("DATABASE_URL=mysql://pipeline:word@db:3306\n")
    assert get_settings().database_server == "mysql+pymysql://pipeline:word@db:3306"


def test_a_folder_of_databases_is_not_another_programs_file(file: Path, tmp_path: Path) -> None:
    (tmp_path / "airflow.db").touch()
    file.write_text(f"DATABASE_URL=sqlite:///{tmp_path}/airflow.db\n")
    assert "DATABASE_URL (.env): sqlite://… is not allowed" in _refused()
    file.write_text(f"DATABASE_URL=sqlite:///{tmp_path}\n")
    get_settings.cache_clear()
    assert get_settings().database_server == f"sqlite:///{tmp_path}"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("API_PORT=8080", "AIRFLOW_PORT and API_PORT: both are 8080"),
        ("API_PORT=65000\nPORT_OFFSET=1000", "PORT_OFFSET: API_PORT 65000 + 1000 is beyond 65,535, the last port"),
    ],
)
def test_ports_that_do_not_go_together_are_named(text: str, complaint: str, file: Path) -> None:
    file.write_text(text)
    assert _refused() == complaint


@pytest.mark.parametrize("text", ["SHADOW_ALIAS=production", "MODEL_ALIAS=live\nSHADOW_ALIAS=live"])
def test_a_shadow_that_would_answer_is_refused(text: str, file: Path) -> None:
    file.write_text(text)
    assert re.fullmatch(r"SHADOW_ALIAS: (production|live) is the alias of what answers; name that of .*", _refused())
    file.write_text("MODEL_ALIAS=live\nSHADOW_ALIAS=challenger")
    get_settings.cache_clear()
    assert get_settings().shadow_alias == "challenger"


def test_a_file_that_is_no_text_is_said_so(file: Path) -> None:
    file.write_bytes(b"LOG_LEVEL=\xff\xfe\n")
    assert f"{file} cannot be read" in _refused()


def test_a_misspelt_setting_is_told_with_the_one_that_was_meant(file: Path) -> None:
    file.write_text("DATASET_SORCE=synthetic\nMY_OWN=1\nLOG_LEVEL=info\n")
    assert own_platform.doubts(get_settings()) == ["DATASET_SORCE (.env) is no setting; did you mean DATASET_SOURCE?"]


def test_every_rule_is_of_a_setting() -> None:
    assert set(setting_rules.RULES) - set(settings_file.assigned(ROOT / ".env.example", with_defaults=True)) == set()


def test_every_default_keeps_to_its_rule() -> None:
    defaults = settings_file.assigned(ROOT / ".env.example", with_defaults=True)
    wrong = settings_file.problems(defaults, {}, defaults)
    assert [text for text in wrong.values() if "placeholder" not in text] == []


@pytest.mark.parametrize(
    ("line", "value"),
    [("A=1", "1"), ("export A='x y'", "x y"), ('A="1" # one', "1"), ("A=b#c", "b#c"), ("A=b # c", "b"), ("#A=1", None)],
)
def test_a_line_is_read_as_dotenv_reads_it(line: str, value: str | None, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(line + "\n")
    assert settings_file.assigned(tmp_path / ".env").get("A") == value


def test_the_environments_addresses_do_not_lead_the_embedded_platform_elsewhere(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("API_URL=http://10.0.0.7:8000\n")
    for name in ("DATABASE_URL", "MLFLOW_TRACKING_URI", "API_URL"):
        monkeypatch.setenv(name, f"http://other.example/{SECRET}")
    said = own_platform.stay_at_home()
    assert [line.split()[0] for line in said] == ["DATABASE_URL", "MLFLOW_TRACKING_URI", "API_URL"]
    assert SECRET not in "".join(said) and not {"DATABASE_URL", "API_URL"} & os.environ.keys()
    found = get_settings()
    assert (found.database_url, found.tracking_uri) == (None, found.url("mlflow"))
    assert found.prediction_api == "http://10.0.0.7:8000"


def test_another_mlflow_is_not_used_silently(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://other.example")
    (said,) = own_platform.doubts(get_settings())
    assert said.startswith("MLFLOW_TRACKING_URI of the environment names another MLflow")


def test_in_an_image_the_environment_is_what_it_is_given(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow:5000")
    monkeypatch.setenv("DATABASE_URL", "mysql+pymysql://pipeline@mysql")
    assert len(own_platform.doubts(get_settings())) == 2
    monkeypatch.setattr(own_platform, "home", lambda: tmp_path)
    assert own_platform.doubts(get_settings()) == []


def test_the_clones_settings_are_found_from_any_folder(tmp_path: Path) -> None:
    """The clone's `.env` and paths count, not the current folder's; only the environment's paths are seen from that."""
    clone, foreign = tmp_path / "clone", tmp_path / "foreign"
    foreign.mkdir()
    shutil.copytree(ROOT / "connections", clone / "connections", ignore=shutil.ignore_patterns("__pycache__"))
    (clone / ".env.example").write_bytes((ROOT / ".env.example").read_bytes())
    (clone / ".env").write_text("EXPERIMENT=the clone's\n")
    (foreign / ".env").write_text("EXPERIMENT=somebody else's\n")
    code = (
        "from connections.settings import get_settings; found = get_settings(); "
        "print(found.experiment, found.state_dir, found.dataset_path, sep='|')"
    )
    told = subprocess.run(
        (sys.executable, "-c", code),
        cwd=foreign,
        env={"PYTHONPATH": str(clone), "DATASET_PATH": "here.csv"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == f"the clone's|{clone}/var|{foreign}/here.csv"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become a user without a name")
def test_a_nameless_user_is_given_a_name_and_a_home() -> None:
    code = (
        "import getpass, os, pathlib; from connections import settings; os.setuid(54321); settings.prepare_process(); "
        "print(getpass.getuser(), pathlib.Path.home(), settings.machine_environment()['USER'])"
    )
    environment = {"PYTHONPATH": str(ROOT), "TMPDIR": "/tmp"}
    told = subprocess.run((sys.executable, "-c", code), env=environment, capture_output=True, text=True, check=False)
    assert told.stdout.split() == ["uid-54321", "/tmp", "uid-54321"], told.stderr


def test_services_read_no_file(file: Path) -> None:
    file.write_text("LOG_LEVEL=debug\n")
    assert settings.machine_environment()[ENV_FILE] == ""


def test_arguments_keep_to_the_rules_too() -> None:
    with pytest.raises(ValueError, match="it takes a whole number of 1 or more"):
        Settings(training_jobs=0)
