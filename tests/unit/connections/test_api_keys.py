"""The file of API keys: what is kept of a key, what is refused, and that it is changed as a whole."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from connections import api_keys
from connections.api_keys import KeysError, changing, hashed, made, new_key, parsed, put_forms, read


def test_a_key_has_256_random_bits_and_only_its_hash_is_kept(tmp_path: Path) -> None:
    key = new_key()
    assert len(key) == 43 and len({new_key() for _ in range(100)}) == 100
    with changing(tmp_path / "keys/keys.json") as keys:
        keys.append(made("ward-7", "read", key))
    text = (tmp_path / "keys/keys.json").read_text(encoding="utf-8")
    assert key not in text and hashed(key) in text
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["", "a b", "-a", "a/b", "x" * 65, "é", "a\n"])
def test_a_name_that_would_not_do_in_a_log_is_refused(name: str) -> None:
    with pytest.raises(KeysError, match="1 to 64 letters"):
        made(name, "read", "key")


def test_a_role_that_is_none_is_refused() -> None:
    with pytest.raises(KeysError, match="one of predict, read, admin"):
        made("a", "root", "key")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON"), ("null", "no list"), ("[1]", "entry 1 is not"), ('[{"name": "a"}]', "entry 1 is not"),
        ('[{"name": "a", "role": "read", "sha256": "00", "created": ""}]', "entry 1: sha256"),
        (api_keys.as_text([made("a", "read", "k")] * 2), "names a key twice"),
    ],
)  # fmt: skip
def test_what_is_no_file_of_keys_is_told(text: str, said: str) -> None:
    with pytest.raises(KeysError, match=said):
        parsed(text)


def test_a_damaged_file_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text("[{", encoding="utf-8")
    with pytest.raises(KeysError, match="no JSON"), changing(file):
        pass
    assert file.read_text(encoding="utf-8") == "[{"


def test_changes_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"

    def add(number: int) -> None:
        with changing(file) as keys:
            keys.append(made(f"key-{number}", "read", new_key()))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    assert {key.name for key in read(file)} == {f"key-{number}" for number in range(40)}


def test_the_forms_key_is_put_in_once_and_again_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    put_forms(file, "first")
    before = file.stat().st_ino, file.read_text(encoding="utf-8")
    put_forms(file, "first")
    assert (file.stat().st_ino, file.read_text(encoding="utf-8")) == before
    put_forms(file, "second")
    assert [(key.name, key.role, key.sha256) for key in read(file)] == [("form", "predict", hashed("second"))]
