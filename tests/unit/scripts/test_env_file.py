"""`make env` writes a closed .env with secrets of the right form, and never changes a secret that is there."""

import base64
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connections.settings import Settings
from scripts import ed25519, env_file
from tests.conftest import ROOT

EXAMPLE = ROOT / ".env.example"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def _values(path: Path) -> dict[str, str]:
    lines = env_file.assigned(path.read_text(encoding="utf-8"))
    return {key: line.partition("=")[2] for key, line in lines.items()}


def test_no_placeholder_is_left_and_settings_accept_it(target: Path) -> None:
    env_file.write(EXAMPLE, target)
    assert env_file.PLACEHOLDER not in "".join(_values(target).values())
    settings = Settings(_env_file=target)
    assert len(settings.airflow_jwt_secret.get_secret_value()) >= 64
    assert len(base64.urlsafe_b64decode(settings.airflow_fernet_key.get_secret_value())) == 32


def public_of(values: dict[str, str]) -> str:
    """The public key as the library makes it that checks signatures."""
    key = Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(values["MODEL_SIGNING_KEY"]))
    return base64.urlsafe_b64encode(key.public_key().public_bytes_raw()).decode()


def test_the_public_key_belongs_to_the_signing_key(target: Path) -> None:
    env_file.write(EXAMPLE, target)
    values = _values(target)
    assert values["MODEL_PUBLIC_KEYS"] == public_of(values)
    settings = Settings(_env_file=target)
    assert settings.model_public_keys == values["MODEL_PUBLIC_KEYS"]


def test_a_file_of_before_gets_both_keys(target: Path) -> None:
    target.write_text("AIRFLOW_ADMIN_PASSWORD=mine\n", encoding="utf-8")
    said = env_file.write(EXAMPLE, target)
    assert "MODEL_SIGNING_KEY" in said and "MODEL_PUBLIC_KEYS" in said
    assert _values(target)["MODEL_PUBLIC_KEYS"] == public_of(_values(target))
    assert "kept as it is" in env_file.write(EXAMPLE, target)


def test_a_new_signing_key_leaves_the_models_of_the_one_before_valid(target: Path) -> None:
    env_file.write(EXAMPLE, target)
    before = _values(target)
    text = target.read_text(encoding="utf-8").replace(before["MODEL_SIGNING_KEY"], "")
    target.write_text(text, encoding="utf-8")
    env_file.write(EXAMPLE, target)
    now = _values(target)
    assert now["MODEL_SIGNING_KEY"] not in ("", before["MODEL_SIGNING_KEY"])
    assert now["MODEL_PUBLIC_KEYS"] == f"{public_of(now)},{public_of(before)}"


@pytest.mark.parametrize("seed", [bytes(32), bytes(range(32)), b"\xff" * 32, b"readmission" * 2 + b"0123456789"])
def test_a_public_key_is_the_one_that_signatures_are_checked_with(seed: bytes) -> None:
    assert ed25519.public_key(seed) == Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def test_only_its_owner_may_read_it(target: Path) -> None:
    env_file.write(EXAMPLE, target)
    assert target.stat().st_mode & 0o777 == 0o600


def test_one_that_others_could_read_is_closed_and_keeps_its_values(target: Path) -> None:
    env_file.write(EXAMPLE, target)
    before = target.read_text(encoding="utf-8")
    target.chmod(0o644)
    assert "other users of this machine could read it" in env_file.write(EXAMPLE, target)
    assert (target.stat().st_mode & 0o777, target.read_text(encoding="utf-8")) == (0o600, before)


def test_every_file_has_secrets_of_its_own(tmp_path: Path) -> None:
    for name in ("a", "b"):
        env_file.write(EXAMPLE, tmp_path / name)
    first, second = _values(tmp_path / "a"), _values(tmp_path / "b")
    assert [key for key in first if first[key] == second[key]] == []
    assert len(set(first.values())) == len(first)


def test_a_new_file_has_a_project_of_its_own(tmp_path: Path) -> None:
    names = []
    for name in ("a", "b"):
        env_file.write(EXAMPLE, tmp_path / name)
        names.append(_values(tmp_path / name)["COMPOSE_PROJECT_NAME"])
    assert all(re.fullmatch("readmission-[0-9a-f]{6}", name) for name in names) and names[0] != names[1]


def test_a_file_that_is_there_keeps_the_project_that_it_has(target: Path) -> None:
    target.write_text("AIRFLOW_ADMIN_PASSWORD=mine\n", encoding="utf-8")
    env_file.write(EXAMPLE, target)
    assert "COMPOSE_PROJECT_NAME" not in _values(target)


def test_two_starts_at_once_have_the_same_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example = Path(shutil.copy(EXAMPLE, tmp_path))
    replace, second = env_file.replace, []
    with ThreadPoolExecutor(1) as pool:

        def meanwhile_another_starts(target: Path, text: str) -> None:
            monkeypatch.setattr(env_file, "replace", replace)
            second.append(pool.submit(env_file.write, example, target))
            assert not wait(second, timeout=1).done
            replace(target, text)

        monkeypatch.setattr(env_file, "replace", meanwhile_another_starts)
        assert "written" in env_file.write(example, tmp_path / ".env")
        assert "kept as it is" in second[0].result(timeout=60)


def test_an_existing_file_keeps_its_values_and_gets_what_it_lacks(target: Path) -> None:
    target.write_text("AIRFLOW_ADMIN_PASSWORD=mine\n#API_PORT=1\nAPI_PORT=8001", encoding="utf-8")
    said = env_file.write(EXAMPLE, target)
    values = _values(target)
    assert (values["AIRFLOW_ADMIN_PASSWORD"], values["API_PORT"]) == ("mine", "8001")
    assert "AWS_SECRET_ACCESS_KEY" in said and len(values["AWS_SECRET_ACCESS_KEY"]) == 40
    assert "AIRFLOW_ADMIN_PASSWORD" not in said


def test_nothing_is_written_when_nothing_is_missing(target: Path) -> None:
    env_file.write(EXAMPLE, target)
    before = target.read_text(encoding="utf-8")
    assert "kept as it is" in env_file.write(EXAMPLE, target)
    assert target.read_text(encoding="utf-8") == before


@pytest.mark.parametrize("value", ["changethis", "", "changethis123"])
def test_a_placeholder_or_nothing_gets_a_secret_and_the_rest_stays(target: Path, value: str) -> None:
    target.write_text(f"# mine\nREDIS_PASSWORD={value}\nAPI_PORT=8001\n#MINIO_ROOT_USER=\n", encoding="utf-8")
    target.chmod(0o644)
    assert "REDIS_PASSWORD" in env_file.write(EXAMPLE, target)
    lines = target.read_text(encoding="utf-8").splitlines()
    assert (lines[0], lines[2], lines[3]) == ("# mine", "API_PORT=8001", "#MINIO_ROOT_USER=")
    assert len(lines[1].removeprefix("REDIS_PASSWORD=")) == 40
    assert target.stat().st_mode & 0o777 == 0o600
    assert "kept as it is" in env_file.write(EXAMPLE, target)


def test_a_placeholder_that_a_person_left_is_named(target: Path) -> None:
    env_file.write(EXAMPLE, target)
    text = target.read_text(encoding="utf-8")
    target.write_text(text + "MY_OWN=changethis\n", encoding="utf-8")
    assert env_file.write(EXAMPLE, target).endswith("MY_OWN")


@pytest.mark.parametrize("script", ["scripts/env_file.py", "scripts/doctor.py", "compose/clone.py"])
def test_what_comes_before_the_environment_needs_the_standard_library_only(script: str) -> None:
    code = (
        f"import runpy, sys; sys.path.insert(0, {str(ROOT)!r}); runpy.run_path({str(ROOT / script)!r}, run_name='one')"
    )
    subprocess.run((sys.executable, "-I", "-S", "-c", code), check=True)
