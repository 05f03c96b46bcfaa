"""A secret fails the audit wherever git has it, and is not printed; where git leaves it out, it may be."""

import re
import string
from base64 import b64encode, urlsafe_b64encode
from hashlib import sha512
from pathlib import Path

import pytest

from scripts.env_file import PLACEHOLDER, assigned, secret_for
from supply.audit import audit, main
from tests.conftest import ROOT
from tests.integration.supply.clone import committed, git, new_clone

_EXAMPLE = assigned((ROOT / ".env.example").read_text(encoding="utf-8"))
# The identifier of an access key is a name: its secret is looked for.
OURS = [name for name, line in _EXAMPLE.items() if PLACEHOLDER in line and name != "AWS_ACCESS_KEY_ID"]


def drawn(name: str, length: int) -> str:
    """Letters and digits of a name: always the same, and written nowhere."""
    marks = string.ascii_letters + string.digits
    return "".join(marks[byte % len(marks)] for byte in (sha512(name.encode()).digest() * 2)[:length])


def planted(name: str) -> str:
    """A value of the length and the letters that `make env` gives the setting."""
    real = secret_for(name)
    return real if not real.isalnum() else drawn(name, len(real))


KEY = urlsafe_b64encode(sha512(b"a key").digest()[:32]).decode().rstrip("=")
OTHERS = {
    "api_key": (f'curl -H "X-API-Key: {KEY}" http://127.0.0.1/predictions\n', KEY),
    "bearer": (f'curl -H "Authorization: Bearer {KEY}" http://127.0.0.1/predictions\n', KEY),
    "private_key": (
        "-----BEGIN PRIVATE "
        + f"KEY-----\n{b64encode(sha512(b'p').digest() * 8).decode()}\n-----END PRIVATE KEY-----\n",
        b64encode(sha512(b"p").digest()).decode()[:40],
    ),
}


PLACES = ("there", "removed", "not_committed")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the audit says of a clone with every secret of ours, and with others, in each place; `.env` has one too."""
    root = new_clone(tmp_path_factory.mktemp("secrets") / "clone")
    texts = {kind: text for kind, (text, _) in OTHERS.items()}
    ours = "".join(f"{name}={planted(name)}\n" for name in OURS)
    committed(root, {"settings.env": ours} | {f"{kind}/{place}": texts[kind] for kind in texts for place in PLACES[:2]})
    git(root, "rm", "--quiet", "settings.env", *(f"{kind}/removed" for kind in texts))
    git(root, "commit", "--quiet", "--message", "gone")
    for kind, text in texts.items():
        (root / kind / "not_committed").write_text(text, encoding="utf-8")
    (root / ".env").write_text(ours, encoding="utf-8")
    wrong, unchecked = audit(root, offline=False, only=("secrets",))
    assert unchecked == []
    return "\n".join(wrong)


def test_every_secret_of_ours_is_found_after_it_was_removed(told: str) -> None:
    lines = re.findall(r" in settings\.env: line (\d+) of commit [0-9a-f]{12}: ", told)
    assert len(OURS) > 15 and set(map(int, lines)) == set(range(1, len(OURS) + 1))


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("place", PLACES)
def test_a_secret_is_found_wherever_git_has_it(told: str, kind: str, place: str) -> None:
    when = "not committed" if place == "not_committed" else "of commit [0-9a-f]{12}"
    assert re.search(rf"^secrets: \S+ in {kind}/{place}: line 1,? {when}: ", told, flags=re.M)


def test_no_secret_is_printed(told: str) -> None:
    secrets = [secret for _, secret in OTHERS.values()] + [planted(name) for name in OURS if planted(name).isalnum()]
    assert [secret for secret in secrets if secret[:12] in told] == []


def test_what_git_ignores_may_hold_secrets(told: str) -> None:
    assert " in .env" not in told


def test_a_history_that_is_not_there_is_not_passed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clone = new_clone(tmp_path / "clone")
    committed(clone, {"more.txt": "more\n"})
    shallow = clone.with_name("shallow")
    git(clone, "clone", "--quiet", "--depth", "1", f"file://{clone}", str(shallow))
    assert main(["--root", str(shallow), "--only", "secrets"]) == 1
    assert "secrets: NOT CHECKED: the clone is shallow" in capsys.readouterr().out


def test_no_repository_is_not_passed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "supply").mkdir()
    (tmp_path / "supply/exceptions.toml").touch()
    assert main(["--root", str(tmp_path), "--only", "secrets"]) == 1
    assert "secrets: NOT CHECKED: " in capsys.readouterr().out
