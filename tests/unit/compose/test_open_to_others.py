"""What is refused before others than this machine reach the platform: a line for each fault, no secret in it."""

import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from connections import open_to_others, setting_rules
from scripts.env_file import secret_for
from tests.unit.compose.test_compose_secrets import GOOD, OPEN, preflight

__all__ = ["preflight"]  # the fixture


def _wrong(preflight: ModuleType, **values: str) -> list[str]:
    found: list[str] = preflight.problems(GOOD | OPEN | values)
    return found


def test_what_make_env_and_make_up_write_is_let_in(preflight: ModuleType) -> None:
    assert _wrong(preflight, MYSQL_API_PASSWORD=secret_for("MYSQL_API_PASSWORD")) == []


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("Kx7-b_9Lm2.q", "shorter than 16 characters"),
        ("abababababababababab", "fewer than 8 different characters"),
        ("Hospital-password-2026", "a well-known word"),
        ("mysql-super-secret-123456", "a well-known word"),
    ],
)
def test_a_secret_that_could_be_guessed_is_for_loopback_alone(preflight: ModuleType, secret: str, why: str) -> None:
    (line,) = _wrong(preflight, MYSQL_API_PASSWORD=secret)
    assert line.startswith("MYSQL_API_PASSWORD is ") and why in line
    assert "make env" in line and secret not in line
    assert preflight.problems(GOOD | {"MYSQL_API_PASSWORD": secret}) == []


def test_two_accounts_with_one_password_are_told_by_their_names(preflight: ModuleType) -> None:
    shared = GOOD["MYSQL_ROOT_PASSWORD"]
    (line,) = _wrong(preflight, REDIS_PASSWORD=shared)
    assert line.startswith("MYSQL_ROOT_PASSWORD and REDIS_PASSWORD are the same") and shared not in line
    # They are the same account unless the settings name two.
    assert _wrong(preflight, MINIO_ROOT_PASSWORD=GOOD["AWS_SECRET_ACCESS_KEY"]) == []


def test_a_name_may_be_a_word(preflight: ModuleType) -> None:
    assert _wrong(preflight, AIRFLOW_ADMIN_USER="admin", MINIO_ROOT_USER="admin", AWS_ACCESS_KEY_ID="admin") == []


@pytest.mark.parametrize("name", setting_rules.LOGINS)
def test_a_service_that_asks_nobody_who_he_is_is_for_loopback_alone(preflight: ModuleType, name: str) -> None:
    (line,) = _wrong(preflight, **{name: "off"})
    assert line.startswith(
        f"{name}: off is for this machine alone, and 10.0.0.7 lets others in; set {name}={setting_rules.LOGINS[name]}"
    )
    for address in ("127.0.0.1", "localhost"):
        assert preflight.problems(GOOD | {name: "off", "BIND_ADDRESS": address}) == []


@pytest.mark.parametrize(
    "without", [{"COMPOSE_PROFILES": ""}, {"COMPOSE_PROFILES": "tools"}, {"PUBLIC_SCHEME": "http"}]
)
def test_nobody_is_let_in_without_tls(preflight: ModuleType, without: dict[str, str]) -> None:
    (line,) = _wrong(preflight, **without)
    assert line.startswith("BIND_ADDRESS: 10.0.0.7 is reached over TLS alone; start with `make up`")


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "[::]"])
def test_every_address_is_one_too_many(preflight: ModuleType, address: str) -> None:
    (line,) = _wrong(preflight, BIND_ADDRESS=address)
    assert line.startswith(f"BIND_ADDRESS: {address} would take the plain ports of 127.0.0.1 too; name one address")


def test_tls_has_no_room_beside_the_plain_ports(preflight: ModuleType) -> None:
    (line,) = preflight.problems(GOOD | {"COMPOSE_PROFILES": "tls"})
    assert "127.0.0.1 has the plain ports" in line


@pytest.mark.parametrize(("given", "missing"), [("TLS_CERTIFICATE", "TLS_KEY"), ("TLS_KEY", "TLS_CERTIFICATE")])
def test_a_certificate_has_a_key(preflight: ModuleType, given: str, missing: str) -> None:
    (line,) = _wrong(preflight, **{given: "/etc/ssl/ward.pem"})
    assert line.startswith(f"{missing} is missing")
    assert _wrong(preflight, TLS_CERTIFICATE="/etc/ssl/ward.pem", TLS_KEY="/etc/ssl/ward.key") == []


def test_every_fault_has_a_line_of_its_own(preflight: ModuleType) -> None:
    wrong = _wrong(preflight, API_AUTH="off", COMPOSE_PROFILES="", TLS_KEY="a.key", REDIS_PASSWORD="short")
    assert len(wrong) == 4 and not any("\n" in line for line in wrong)


@pytest.mark.parametrize("kind", ["PASSWORD", "JWT_SECRET", "FERNET_KEY"])
def test_no_random_secret_is_taken_for_a_weak_one(kind: str) -> None:
    assert [weak for _ in range(300) if (weak := open_to_others.weakness(secret_for(kind)))] == []


def _pair(folder: Path, *more: str) -> None:
    folder.mkdir()
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=ward -keyout key.pem -out"
    done = subprocess.run(
        (*command.split(), "certificate.pem", *(more or ("-nodes",))), cwd=folder, capture_output=True
    )
    assert done.returncode == 0, done.stderr


def test_a_certificate_is_put_where_its_reader_can_read_it_and_taken_away(
    preflight: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, kept = tmp_path / "given", tmp_path / "kept"
    owners: list[int] = []
    monkeypatch.setattr("os.chown", lambda _path, uid, _gid: owners.append(uid))
    kept.mkdir()
    _pair(given)
    assert preflight.take_certificate(given, kept, wanted=True) == []
    assert sorted(file.name for file in kept.iterdir()) == ["certificate.pem", "key.pem"]
    assert {file.stat().st_mode & 0o777 for file in kept.iterdir()} == {0o400} and owners == [10001, 10001]
    assert (kept / "key.pem").read_bytes() == (given / "key.pem").read_bytes()
    assert preflight.take_certificate(given, kept, wanted=False) == []
    assert list(kept.iterdir()) == []


def test_another_certificates_key_is_refused_and_what_was_there_stays(preflight: ModuleType, tmp_path: Path) -> None:
    given, other, kept = tmp_path / "given", tmp_path / "other", tmp_path / "kept"
    _pair(given)
    _pair(other)
    (other / "key.pem").replace(given / "key.pem")
    (line,) = preflight.take_certificate(given, kept, wanted=True)
    assert line.startswith("TLS_CERTIFICATE, TLS_KEY: ") and "MISMATCH" in line
    assert not kept.exists()


@pytest.mark.parametrize("key", ["encrypted", "missing", "no key"])
def test_a_key_that_cannot_be_read_is_refused(preflight: ModuleType, tmp_path: Path, key: str) -> None:
    given = tmp_path / "given"
    _pair(given, *(("-passout", "pass:ward") if key == "encrypted" else ()))
    if key == "missing":
        (given / "key.pem").unlink()
    if key == "no key":
        (given / "key.pem").write_text("ward\n", encoding="utf-8")
    (line,) = preflight.take_certificate(given, tmp_path / "kept", wanted=True)
    assert line.startswith("TLS_CERTIFICATE, TLS_KEY: ") and "plain key" in line and "Traceback" not in line
