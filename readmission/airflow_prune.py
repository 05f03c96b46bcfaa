"""Deletes what Airflow keeps of runs that ended long ago: rows of its tables, and its logs; says how much.

`airflow db clean` deletes the rows, and leaves the last run of each DAG; it runs where Airflow's own settings are.
"""

import argparse
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from airflow.configuration import conf

from readmission.clock import epoch, now

_ROWS = re.compile(r"^Found (\d+) rows meeting deletion criteria", flags=re.MULTILINE)


def clean_tables(days: int, dry: bool) -> int:
    """Deletes the rows that are older, and gives how many.

    Raises:
        SystemExit: Airflow could not.
    """
    before = (now() - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    command = (str(Path(sys.executable).parent / "airflow"), "db", "clean", "--yes", "--skip-archive")
    asked = (*command, "--clean-before-timestamp", before, *(("--dry-run",) if dry else ()))
    done = subprocess.run(asked, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"Airflow's tables could not be cleaned: {(done.stderr or done.stdout).strip()[-500:]}")
    return sum(int(rows) for rows in _ROWS.findall(done.stdout))


def clean_logs(folder: Path, days: int, dry: bool) -> tuple[int, int]:
    """Deletes the files that nobody has written to since, and folders that are empty then; gives files and bytes."""
    until, files, size = epoch(now()) - days * 24 * 3_600, 0, 0
    for path in sorted(folder.rglob("*"), reverse=True):  # a folder comes after what is in it
        if path.is_symlink():
            continue
        if path.is_file() and path.stat().st_mtime < until:
            files, size = files + 1, size + path.stat().st_size
            if not dry:
                path.unlink()
        elif path.is_dir() and not dry and path.stat().st_mtime < until and not any(path.iterdir()):
            path.rmdir()
    return files, size


def main() -> None:
    """Says what was deleted, or with --dry what would be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, required=True, help="how long rows and logs are kept")
    parser.add_argument("--dry", action="store_true", help="only say it")
    asked = parser.parse_args()
    if asked.days < 1:
        parser.error("--days is 1 or more")
    rows = clean_tables(asked.days, asked.dry)
    files, size = clean_logs(Path(conf.get_mandatory_value("logging", "base_log_folder")), asked.days, asked.dry)
    did = "would delete" if asked.dry else "deleted"
    sys.stdout.write(f"Airflow: {did} {rows:,} rows of runs before, {files:,} logs of {size / 1e6:.1f} MB\n")


if __name__ == "__main__":
    main()
