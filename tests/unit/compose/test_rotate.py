"""A secret is changed in its server and in `.env` together, also where the change is broken off anywhere."""

from pathlib import Path

import pytest

from compose import rotate
from compose.rotate import ALL, FERNET, POSTGRES, ROOT, chosen, read, trust_own_key_alone
from compose.rotated_servers import RotationError
from scripts import env_file
from scripts.env_file import PUBLIC_KEYS, SIGNING_KEY
from tests.conftest import ROOT as CLONE


class Died(Exception):
    """The process ended."""


class Kept:
    """Servers that keep passwords, and what holds a settings file's values; they die before a step, or after it."""

    def __init__(self, env: Path) -> None:
        now = read(env)
        self.env, self.held = env, now
        self.postgres, self.root = now[POSTGRES], now[ROOT]
        self.stored_with, self.signed_with = now[FERNET], now[PUBLIC_KEYS]
        self.steps, self.dies_at = 0, 0

    def _step(self) -> None:
        self.steps += 1
        if self.steps == self.dies_at:
            raise Died

    def up(self) -> None:
        self._step()
        self.held = read(self.env)
        assert {self.postgres, self.root} == {self.held[POSTGRES], self.held[ROOT]}, "who starts is refused"
        assert self.stored_with in self.held[FERNET].split(","), "what is stored cannot be read"
        self._step()

    def set_postgres(self, password: str) -> None:
        self._step()
        self.postgres = password
        self._step()

    def set_root(self, known: list[str], password: str) -> None:
        self._step()
        assert self.root in known
        self.root = password
        self._step()

    def encrypt_anew(self) -> None:
        self._step()
        self.stored_with = self.held[FERNET].split(",")[0]
        self._step()

    def serves_with(self, public_key: str) -> bool:
        return self.signed_with == public_key


@pytest.fixture
def env(tmp_path: Path) -> Path:
    """A settings file as `make env` writes it, with a line of a person's own."""
    file = tmp_path / ".env"
    env_file.write(CLONE / ".env.example", file)
    file.write_text(file.read_text(encoding="utf-8") + "API_PORT=8100\n", encoding="utf-8")
    return file


def _is_whole(servers: Kept, before: dict[str, str], names: tuple[str, ...]) -> None:
    now = read(servers.env)
    assert now == servers.held and not [name for name in now if name.endswith("_NEXT")]
    assert (servers.postgres, servers.root, servers.stored_with) == (now[POSTGRES], now[ROOT], now[FERNET])
    follows = {PUBLIC_KEYS} if SIGNING_KEY in names else set()
    assert {name for name in now if now[name] != before[name]} == {*names} | follows
    assert now.keys() == before.keys()


@pytest.mark.parametrize("name", [*ALL, "all"])
def test_one_command_changes_a_secret_and_nothing_else(env: Path, name: str) -> None:
    if name == "MINIO_ROOT_PASSWORD":
        rotate.write(env, {"MINIO_ROOT_USER": "root", name: "its-first-password"})
    before, servers, names = read(env), Kept(env), chosen(name, read(env))
    rotate.rotate(names, env, servers)
    _is_whole(servers, before, names)
    assert env.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", [POSTGRES, ROOT, FERNET, "REDIS_PASSWORD", "all"])
def test_what_was_broken_off_anywhere_is_ended_by_the_same_command(env: Path, name: str) -> None:
    begun = env.read_text(encoding="utf-8")
    names, broken_off = chosen(name, read(env)), 0
    for dies_at in range(1, 100):
        env.write_text(begun, encoding="utf-8")
        before, servers = read(env), Kept(env)
        servers.dies_at = dies_at
        try:
            rotate.rotate(names, env, servers)
            break
        except Died:
            broken_off += 1
        rotate.rotate(names, env, servers)
        _is_whole(servers, before, names)
    assert broken_off >= 2


def test_a_new_signing_key_is_trusted_beside_the_former_until_that_signs_nothing(env: Path) -> None:
    servers = Kept(env)
    former = servers.signed_with
    (left,) = rotate.rotate((SIGNING_KEY,), env, servers)
    new, second = read(env)[PUBLIC_KEYS].split(",")
    assert second == former != new and f"make rotate NAME={PUBLIC_KEYS}" in left
    with pytest.raises(RotationError, match="promote a new one first"):
        trust_own_key_alone(env, servers)
    assert read(env)[PUBLIC_KEYS] == f"{new},{former}"
    servers.signed_with = new
    trust_own_key_alone(env, servers)
    assert read(env)[PUBLIC_KEYS] == servers.held[PUBLIC_KEYS] == new


@pytest.mark.parametrize(
    "name", ["", "MYSQL_PASSWORD", "REDIS_PASSWORD MYSQL_PASSWORD", "API_PORT", "POSTGRES_PASSWORD_NEXT"]
)
def test_an_unknown_name_is_told_in_a_line_with_those_that_there_are(env: Path, name: str) -> None:
    with pytest.raises(RotationError) as told:
        chosen(name, read(env))
    assert "\n" not in str(told.value) and "POSTGRES_PASSWORD, REDIS_PASSWORD" in str(told.value)


def test_the_key_of_what_was_forgotten_stays(env: Path) -> None:
    with pytest.raises(RotationError, match="FORGET_KEY is not rotated: the record of deleted predictions"):
        chosen("FORGET_KEY", read(env))
    assert "FORGET_KEY" not in chosen("all", read(env))


def test_a_value_of_the_shell_is_not_left_to_win(env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_PASSWORD", "exported")
    with pytest.raises(RotationError, match=r"REDIS_PASSWORD: the shell's value wins over \.env's; unset it"):
        chosen("REDIS_PASSWORD", read(env))


def test_every_secret_of_the_example_is_rotated_or_says_why_not() -> None:
    example = (CLONE / ".env.example").read_text(encoding="utf-8")
    secrets = {name for name, line in env_file.assigned(example).items() if env_file.PLACEHOLDER in line}
    assert secrets | {"MINIO_ROOT_PASSWORD"} == {*ALL, rotate.FORGET}
