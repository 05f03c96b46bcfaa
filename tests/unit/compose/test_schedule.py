"""`make backup-schedule` gives cron one line for a clone, and takes that line alone away."""

import os
import subprocess
import sys
from pathlib import Path

from compose.schedule import table
from tests.conftest import ROOT

OTHERS = "0 4 * * * somebody else's\n"


def test_a_clone_has_one_line_and_everybody_elses_stay() -> None:
    one, two = Path("/srv/a clone"), Path("/srv/b%c")
    with_one = table(OTHERS, one, one / "backups", 24)
    assert with_one == OTHERS + (
        "17 * * * * cd '/srv/a clone' && mkdir -p -m 700 '/srv/a clone/backups' && make --silent scheduled-backup "
        ">> '/srv/a clone/backups/backup.log' 2>&1 # backups of /srv/a clone\n"
    )
    assert table(with_one, one, one / "backups", 12) == with_one
    both = table(with_one, two, two / "backups", 24)
    assert "cd /srv/b\\%c &&" in both
    assert table(both, one, one / "backups", 0).splitlines()[0] == OTHERS.strip()
    assert "a clone" not in table(both, one, one / "backups", 0)
    assert table(table(both, two, two, 0), one, one, 0) == OTHERS


def test_where_there_is_no_cron_what_to_do_is_said(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "compose.schedule", "24", "backups")
    nowhere = {**os.environ, "PATH": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=nowhere, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "there is no cron here: install it, or have another scheduler call `make scheduled-backup`\n"
