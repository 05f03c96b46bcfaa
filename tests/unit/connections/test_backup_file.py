"""A backup is read when it is whole, of this platform and opens, and its secrets fit or somebody chose whose count."""

import tarfile
from functools import partial
from pathlib import Path

import pytest

from connections.backup_file import (
    BackupError,
    Wrap,
    prune,
    reading,
    require_fit,
    writing,
)
from connections.sealing import opening, sealing

VALUES = {
    "FORGET_KEY": "f" * 40,
    "AIRFLOW_FERNET_KEY": "a" * 44,
    "MODEL_PUBLIC_KEYS": "new,old",
    "MODEL_SIGNING_KEY": "s",
}
SEAL: Wrap = partial(sealing, passphrase="four words of a ward")
UNSEAL: Wrap = partial(opening, passphrase="four words of a ward")
PARTS = {"one": b"1" * 100_000, "two": b"two"}


def saved(folder: Path, seal: Wrap | None = None) -> Path:
    with writing(folder, "test", VALUES, seal) as (backup, path):
        for name, text in PARTS.items():
            with backup.part(name) as sink:
                sink.write(text)
    return path


@pytest.mark.parametrize("seal", [None, SEAL])
def test_parts_come_back_as_they_were(tmp_path: Path, seal: Wrap | None) -> None:
    path = saved(tmp_path / "backups", seal)
    assert list(path.parent.iterdir()) == [path], "nothing half-written is left beside it"
    with reading(path, "test", UNSEAL) as backup:
        for name, text in PARTS.items():
            with backup.part(name) as source:
                assert source.read() == text


def test_only_a_sealed_backup_holds_secrets(tmp_path: Path) -> None:
    with reading(saved(tmp_path / "open"), "test", None) as backup:
        assert backup.manifest["parts"].keys() == PARTS.keys()
    text = (saved(tmp_path / "open2")).read_bytes()
    assert not any(VALUES[name].encode() in text for name in ("FORGET_KEY", "AIRFLOW_FERNET_KEY"))
    with reading(saved(tmp_path / "sealed", SEAL), "test", UNSEAL) as backup:
        assert backup.secrets() == VALUES


@pytest.mark.parametrize("seal", [None, SEAL])
def test_each_harm_is_refused_in_one_line(tmp_path: Path, seal: Wrap | None) -> None:
    path = saved(tmp_path, seal)
    whole = path.read_bytes()
    for harmed in (whole[: len(whole) // 2], whole[:70_000] + b"?" + whole[70_001:], b"nothing of the kind", b""):
        path.write_bytes(harmed)
        with pytest.raises(BackupError, match="nothing was changed") as told, reading(path, "test", UNSEAL):
            pass
        assert "\n" not in str(told.value)


def test_parts_of_two_sealed_backups_do_not_mix(tmp_path: Path) -> None:
    one, two = saved(tmp_path / "1", SEAL), saved(tmp_path / "2", SEAL)
    mixed = tmp_path / "mixed.tar"
    with tarfile.open(one) as first, tarfile.open(two) as second, tarfile.open(mixed, "w") as out:
        for name in first.getnames():
            source = second if name.startswith("two") else first
            out.addfile(source.getmember(name), source.extractfile(name))
    with pytest.raises(BackupError, match="damaged in two"), reading(mixed, "test", UNSEAL):
        pass


def test_a_sealed_backup_asks_for_its_passphrase(tmp_path: Path) -> None:
    path = saved(tmp_path, SEAL)
    with pytest.raises(BackupError, match="is sealed: name its passphrase"), reading(path, "test", None):
        pass
    other: Wrap = partial(opening, passphrase="five words of a ward")
    with pytest.raises(BackupError, match="the passphrase is not the one"), reading(path, "test", other):
        pass


def test_another_platforms_backup_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="a backup of test, and not of docker"):  # noqa: SIM117
        with reading(saved(tmp_path), "docker", None):
            pass


def test_secrets_that_do_not_fit_are_named_with_what_that_means(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("FORGET_KEY=here\nAPI_PORT=1\nMODEL_PUBLIC_KEYS=other\n", encoding="utf-8")
    here = {**VALUES, "FORGET_KEY": "here", "MODEL_PUBLIC_KEYS": "other"}
    with reading(saved(tmp_path / "open"), "test", None) as backup:
        require_fit(backup, {**VALUES, "MODEL_PUBLIC_KEYS": "newest,old,new"}, "", env)
        require_fit(backup, here, "here", env)
        with pytest.raises(BackupError, match=r"the values of the .env of that time") as told:
            require_fit(backup, here, "backup", env)
    assert "FORGET_KEY: what was deleted for good" in str(told.value)
    assert "MODEL_PUBLIC_KEYS: the versions" in str(told.value) and "FERNET" not in str(told.value)
    with reading(saved(tmp_path / "sealed", SEAL), "test", UNSEAL) as backup:
        with pytest.raises(BackupError, match="SECRETS=backup takes the backup's"):
            require_fit(backup, here, "", env)
        require_fit(backup, here, "backup", env)
    lines = env.read_text(encoding="utf-8").splitlines()
    assert {f"FORGET_KEY={VALUES['FORGET_KEY']}", "API_PORT=1", "MODEL_PUBLIC_KEYS=new,old,other"} <= set(lines)
    assert env.stat().st_mode & 0o077 == 0


def test_a_disk_that_is_full_leaves_the_backups_that_are_there(tmp_path: Path) -> None:
    first = saved(tmp_path)
    with pytest.raises(BackupError, match=r"nothing was saved.*No space left"):  # noqa: SIM117
        with writing(tmp_path, "test", VALUES, None) as (backup, _):
            with backup.part("one"), Path("/dev/full").open("wb", buffering=0) as full:
                full.write(b"1")
    assert list(tmp_path.iterdir()) == [first]


def test_the_oldest_go_and_those_with_names_of_their_own_stay(tmp_path: Path) -> None:
    names = [f"readmission-docker-2026112{day}T020000Z.tar" for day in range(5)]
    for name in (*names, "before-upgrade.tar"):
        (tmp_path / name).touch()
    assert [file.name for file in prune(tmp_path, 2)] == names[:3]
    assert {file.name for file in tmp_path.iterdir()} == {*names[3:], "before-upgrade.tar"}
