"""Logs of long ago go, with the folders that are empty then, and nothing that somebody still writes to."""

import os
from pathlib import Path

from readmission.airflow_prune import clean_logs
from readmission.clock import epoch, now


def write(path: Path, days: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("0123456789", encoding="utf-8")
    moment = epoch(now()) - days * 24 * 3_600
    os.utime(path, (moment, moment))
    os.utime(path.parent, (moment, moment))
    return path


def test_old_files_go_and_what_is_dry_is_only_counted(tmp_path: Path) -> None:
    old, young = write(tmp_path / "run_1/task/1.log", 31), write(tmp_path / "run_2/1.log", 29)
    link = tmp_path / "run_2/latest"
    link.symlink_to(tmp_path / "run_1")
    assert clean_logs(tmp_path, 30, dry=True) == (1, 10)
    assert old.is_file()
    assert clean_logs(tmp_path, 30, dry=False) == (1, 10)
    assert not old.exists() and young.is_file() and link.is_symlink()
    assert clean_logs(tmp_path, 30, dry=False) == (0, 0)
