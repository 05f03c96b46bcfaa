"""`make doctor` says beforehand what cannot work; each case is provoked in a clone of its own."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from scripts import doctor
from tests.conftest import ROOT

NEEDED = (
    ".env.example", "scripts", "connections/__init__.py", "connections/addresses.py", "connections/setting_rules.py",
    "connections/settings_file.py",
)  # fmt: skip
NOBODY = "54321"
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
# Ports that the sandbox of a test has no server on; below what systems hand out.
QUIET = {"PORT_OFFSET": "11000"}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return cloned(tmp_path / "clone")


def cloned(folder: Path) -> Path:
    """What of the repository the doctor needs, in a folder of its own."""
    for name in NEEDED:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target)
    return folder


def told(clone: Path, *before: str, user: str = "", **environment: str) -> tuple[int, str]:
    """The doctor's exit code and what it says but for what is well."""
    become = f"os.setuid({user}); " if user else ""
    code = f"import os, sys; from scripts import doctor; {become}sys.exit(doctor.main(*sys.argv[1:]))"
    done = subprocess.run(
        (sys.executable, "-S", "-c", code, *before),
        cwd=clone,
        env={"PATH": os.environ["PATH"]} | QUIET | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, "\n".join(line for line in done.stdout.splitlines() if not line.startswith("ok"))


SETTINGS = {
    "LOG_LEVEL": ("loud", "LOG_LEVEL ({}): 'loud' is not allowed; it takes DEBUG, INFO, WARNING or ERROR"),
    "DATASET_SHA256": ("x", "DATASET_SHA256 ({}): 'x' is not allowed; it takes the 64 hexadecimal digits"),
    "PORT_OFFSET": ("a lot", "PORT_OFFSET ({}): 'a lot' is not allowed; it takes a whole number from 0 to 50,000"),
    "AIRFLOW_PORT": ('"8000"', "AIRFLOW_PORT and API_PORT: both are 8000"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_wrong_setting_of_the_file_stops_a_start(name: str, clone: Path) -> None:
    value, complaint = SETTINGS[name]
    (clone / ".env").write_text(f"{name}={value}\n")
    code, said = told(clone, "demo", **({"PORT_OFFSET": ""} if name == "PORT_OFFSET" else {}))
    assert code == 1 and said.startswith(f"BAD   {complaint.format('.env')}")
    assert told(clone, PORT_OFFSET="")[0] == 1


def test_a_wrong_setting_of_the_environment_stops_a_start(clone: Path) -> None:
    code, said = told(clone, "demo", LOG_LEVEL="loud")
    assert code == 1 and said.startswith("BAD   LOG_LEVEL (environment): 'loud' is not allowed")
    assert told(clone, "demo", LOG_LEVEL="info") == (0, "")


def test_what_docker_alone_reads_stops_docker_alone(clone: Path) -> None:
    assert told(clone, "demo", MYSQL_PORT="abc") == (0, "")
    assert "note  MYSQL_PORT (environment): 'abc' is not allowed" in told(clone, MYSQL_PORT="abc")[1]
    code, said = told(clone, "up", MYSQL_PORT="abc")
    assert code == 1 and said.startswith("BAD   MYSQL_PORT (environment): 'abc' is not allowed")


def test_an_exported_address_that_the_demo_does_not_use_stops_nothing(clone: Path) -> None:
    code, said = told(clone, DATABASE_URL="postgres://me:hunter2@db/app")
    assert code == 0 and "note  DATABASE_URL (environment): postgres://…" in said and "hunter2" not in said
    (clone / ".env").write_text("DATABASE_URL=postgres://me:hunter2@db/app\n")
    assert told(clone, "demo")[0] == 1


def test_a_misspelt_setting_is_told(clone: Path) -> None:
    (clone / ".env").write_text("STATE_DIRR=elsewhere\n")
    code, said = told(clone)
    assert code == 0 and "note  STATE_DIRR (.env) is no setting; did you mean STATE_DIR?" in said


def test_a_file_that_is_no_text_is_said_so(clone: Path) -> None:
    (clone / ".env").write_bytes(b"\xff\xfe")
    code, said = told(clone)
    assert code == 1 and said.startswith("BAD   .env: cannot be read")


def test_a_placeholder_is_told_with_what_to_do(clone: Path) -> None:
    (clone / ".env").write_text("REDIS_PASSWORD=changethis\n")
    assert "REDIS_PASSWORD (.env): still holds the placeholder 'changethis'; run `make env`" in told(clone)[1]
    assert told(clone, "up")[0] == 1


@pytest.mark.parametrize("name", ["50%", "a #1", "a ;b"])
def test_a_path_that_programs_misread_is_told(name: str, tmp_path: Path) -> None:
    code, said = told(cloned(tmp_path / name), "demo")
    assert code == 1 and said.startswith(f"BAD   path: {tmp_path}/{name} holds ") and said.endswith("move the clone")


@pytest.mark.parametrize("name", ["two words", "it's", "ñandú", "a&b(c)", "#1"])
def test_other_odd_paths_are_well(name: str, tmp_path: Path) -> None:
    assert told(cloned(tmp_path / name), "demo") == (0, "")


@ROOT_ONLY
def test_a_state_folder_of_somebody_elses_is_told(clone: Path) -> None:
    with tempfile.TemporaryDirectory() as closed:
        state = {"STATE_DIR": f"{closed}/below"}
        Path(closed).chmod(0o755)
        code, said = told(clone, "demo", user=NOBODY, **state)
        assert code == 1 and said.startswith(f"BAD   STATE_DIR: {closed} cannot be written; name a folder of yours")
        Path(closed).chmod(0o777)
        assert told(clone, "demo", user=NOBODY, **state) == (0, "")


def test_a_state_folder_that_is_a_file_or_misread_is_told(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert f"{tmp_path}/file is a file" in told(clone, "demo", STATE_DIR=str(tmp_path / "file/var"))[1]
    assert "holds ?" in told(clone, "demo", STATE_DIR=str(tmp_path / "what?"))[1]


@ROOT_ONLY
def test_a_user_without_a_name_is_told(clone: Path) -> None:
    said = told(clone, user=NOBODY)[1]
    assert f"note  user: id {NOBODY} has no name here; the platform calls it uid-{NOBODY}" in said


def test_a_proxy_without_exceptions_is_told(clone: Path) -> None:
    proxy = {"HTTP_PROXY": "http://me:hunter2@proxy:3128"}
    said = told(clone, **proxy)[1]
    assert "note  proxy: HTTP_PROXY is set and NO_PROXY lacks 127.0.0.1, localhost" in said and "hunter2" not in said
    assert "NO_PROXY lacks localhost;" in told(clone, **proxy, NO_PROXY="127.0.0.1")[1]
    assert "proxy" not in told(clone, **proxy, no_proxy="localhost, 127.0.0.1")[1]


def test_a_busy_port_of_the_environment_is_told(clone: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code, said = told(clone, API_PORT=str(port), PORT_OFFSET="0")
    assert code == 1 and f"BAD   port {port} is taken by" in said


def test_too_little_disk_and_memory_are_told(tmp_path: Path) -> None:
    assert doctor.disk(Path("/sys")).level == "bad"  # a file system without a free byte
    (tmp_path / "meminfo").write_text("MemTotal: 8000000 kB\nMemAvailable:    1500000 kB\n")
    assert doctor.memory(tmp_path / "meminfo") == ("bad", "memory: 1.5 GB available; the platform needs 4")
