"""What becomes of the service when its file of keys changes, is damaged, or cannot be read."""

import resource
from pathlib import Path

import httpx
import pytest

from app_back.access.door import Access
from app_back.main import create_app
from connections.api_keys import changing, made, new_key
from connections.settings import Settings
from tests.conftest import Poll
from tests.unit.app_back.access.keys import KEYS, status
from tests.unit.app_back.test_error_shape import served


def test_a_new_key_counts_within_seconds_and_a_revoked_one_no_longer(
    http: httpx.Client, settings: Settings, poll: Poll
) -> None:
    key = new_key()
    with changing(settings.keys_file) as keys:
        keys.append(made("for-a-while", "read", key))
    poll(lambda: status(http, "GET", "/predictions", **{"X-API-Key": key}) == 200, deadline=5)
    with changing(settings.keys_file) as keys:
        keys[:] = [one for one in keys if one.name != "for-a-while"]
    poll(lambda: status(http, "GET", "/predictions", **{"X-API-Key": key}) == 401, deadline=5)
    assert status(http, "GET", "/predictions", **{"X-API-Key": KEYS["read"]}) == 200


@pytest.mark.parametrize(
    ("content", "said"),
    [("[{", "keys.json is no JSON"), ("{}", "keys.json holds no list of keys"), (None, "keys.json is not there"),
     ('[{"name": "a", "role": "root", "sha256": "", "created": ""}]', "keys.json: entry 1: the role is one of")],
)  # fmt: skip
def test_a_damaged_file_leaves_the_keys_of_before_and_is_told_of(
    http: httpx.Client, settings: Settings, poll: Poll, content: str | None, said: str
) -> None:
    whole = settings.keys_file.read_text()
    try:
        settings.keys_file.unlink() if content is None else settings.keys_file.write_text(content)
        (told,) = poll(lambda: _of_keys(http), deadline=5)
        assert said in told and "those of before go on to count" in told and "\n" not in told
        assert status(http, "GET", "/predictions", **{"X-API-Key": KEYS["read"]}) == 200
    finally:
        settings.keys_file.write_text(whole)
    poll(lambda: not _of_keys(http), deadline=5)


def _of_keys(http: httpx.Client) -> list[str]:
    """What readiness says of keys, beside the model that there is none of."""
    return [one for one in http.get("/health/ready").json()["error"]["message"].split(". ") if one.startswith("keys: ")]


def test_without_any_key_nobody_is_answered_and_health_says_what_to_do(tmp_path: Path) -> None:
    access = Access(Settings(state_dir=tmp_path))
    access.look()
    assert access.problem is not None and "nobody is answered" in access.problem
    with changing(tmp_path / "keys/keys.json") as keys:
        keys.append(made("a", "predict", "x"))
    with changing(tmp_path / "keys/keys.json") as keys:
        keys.clear()
    access.look()
    assert access.problem is not None and "readmission keys create" in access.problem


def test_what_could_not_be_read_is_read_once_it_can(tmp_path: Path) -> None:
    access = Access(Settings(state_dir=tmp_path))
    with changing(tmp_path / "keys/keys.json") as keys:
        keys.append(made("a", "predict", "x"))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        access.look()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert _told(access)[0] and "Too many open files" in str(_told(access)[1])
    access.look()
    assert _told(access) == (False, None)


def _told(access: Access) -> tuple[bool, str | None]:
    return access.locked, access.problem


@pytest.mark.usefixtures("http")
@pytest.mark.parametrize("path", ["/health", "/health/ready"])
def test_a_service_that_lets_nobody_in_is_not_healthy(settings: Settings, path: str) -> None:
    locked = create_app(settings.model_copy(update={"state_dir": settings.state_dir / "another"}))
    for asked in served(locked):
        got = asked.get(path)
        assert got.status_code == 503
        assert "keys: the API keys cannot be read: keys.json is not there" in got.json()["error"]["message"]
