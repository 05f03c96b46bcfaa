"""Has this user's cron make backups of the services in Docker, or no longer: `schedule.py HOURS FOLDER`.

On the host, since what makes a backup asks Docker's engine, which no container may. Cron looks each hour whether one is
due, so that a machine that slept makes up for it. Standard library alone, under any Python 3.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path


def table(before: str, clone: Path, folder: Path, hours: int) -> str:
    """A crontab with the clone's line, or without it where `hours` is 0; all other lines stay."""
    mark = f"# backups of {clone}"
    others = [line for line in before.splitlines() if not line.endswith(mark)]
    log = shlex.quote(str(folder / "backup.log"))
    made = f"mkdir -p -m 700 {shlex.quote(str(folder))} && make --silent scheduled-backup >> {log} 2>&1"
    command = f"cd {shlex.quote(str(clone))} && {made}".replace("%", "\\%")  # % ends a command of cron's
    lines = [*others, *([f"17 * * * * {command} {mark}"] if hours else [])]
    return "".join(f"{line}\n" for line in lines)


def main(hours: int, folder: Path) -> int:
    """Writes the crontab; returns 1, with a line, where there is no cron."""
    clone = Path.cwd()
    try:
        listed = subprocess.run(("crontab", "-l"), capture_output=True, text=True)
        before = listed.stdout if listed.returncode == 0 else ""  # 1: this user has none yet
        subprocess.run(("crontab", "-"), input=table(before, clone, clone / folder, hours), text=True, check=True)
    except FileNotFoundError:
        sys.stderr.write("there is no cron here: install it, or have another scheduler call `make scheduled-backup`\n")
        return 1
    except subprocess.CalledProcessError:
        sys.stderr.write("cron did not take the line: why is said above\n")
        return 1
    said = f"a backup every {hours} hours; what goes wrong is in {folder}/backup.log and in `make status`"
    sys.stdout.write(f"{said if hours else 'no backups by themselves (BACKUP_EVERY_HOURS is 0)'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[2])))
