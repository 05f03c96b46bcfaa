"""A backup that failed or is late is named with its time, and one is due only where the newest is too old."""

from datetime import timedelta
from pathlib import Path

from connections import kept_backups
from readmission.clock import now


def put(folder: Path, hours: float, kind: str = "docker") -> str:
    """A backup that is so many hours old; gives its moment."""
    moment = now() - timedelta(hours=hours)
    (folder / f"readmission-{kind}-{moment:%Y%m%dT%H%M%SZ}.tar").touch()
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def test_without_a_schedule_and_a_failure_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert kept_backups.problem(tmp_path, "docker", 0) is None
    put(tmp_path, 1_000)
    assert kept_backups.problem(tmp_path, "docker", 0) is None


def test_the_newest_of_its_own_kind_decides(tmp_path: Path) -> None:
    wanted = f"there is no backup in {tmp_path}, and one is due every 24 hours"
    assert kept_backups.problem(tmp_path, "docker", 24) == wanted and kept_backups.is_due(tmp_path, "docker", 24)
    put(tmp_path, 1, kind="embedded")
    (tmp_path / "readmission-docker-the-one-to-keepZ.tar").touch()
    assert kept_backups.problem(tmp_path, "docker", 24) == wanted
    old = put(tmp_path, 26.1)
    assert kept_backups.problem(tmp_path, "docker", 24) == (
        f"the newest backup is of {old} UTC, and one is due every 24 hours"
    )
    put(tmp_path, 25)  # due, and not late yet: cron looks each hour
    assert kept_backups.is_due(tmp_path, "docker", 24) and kept_backups.problem(tmp_path, "docker", 24) is None
    put(tmp_path, 23)
    assert not kept_backups.is_due(tmp_path, "docker", 24)


def test_a_failure_is_told_with_its_time_until_one_goes_well(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    kept_backups.record(folder, "docker", "No space left on device")
    said = kept_backups.problem(folder, "docker", 0)
    assert said is not None and said.endswith("failed: No space left on device")
    assert f"the backup of {now():%Y-%m-%d}" in said
    kept_backups.record(folder, "docker")
    assert kept_backups.problem(folder, "docker", 0) is None
