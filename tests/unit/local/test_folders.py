"""The state folder and those below it are closed to other users, whoever made them and whatever the umask is."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from connections.settings import prepare_process
from readmission.local.service import Folders


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_folders_are_closed_when_they_are_made(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "var")
    folders.create()
    assert [_mode(each) for each in (folders.state, folders.logs, folders.run)] == [0o700] * 3


def test_a_folder_that_was_open_is_closed(tmp_path: Path) -> None:
    (tmp_path / "var/log").mkdir(parents=True, mode=0o777)
    Folders(tmp_path / "var").create()
    assert [_mode(tmp_path / name) for name in ("var", "var/log")] == [0o700] * 2


def test_a_folder_that_all_share_is_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    Folders(tmp_path).create()
    assert (_mode(tmp_path), _mode(tmp_path / "log")) == (0o777, 0o700)


def test_a_process_writes_for_its_owner_alone(tmp_path: Path) -> None:
    prepare_process()
    (tmp_path / "file").touch()
    assert _mode(tmp_path / "file") == 0o600
