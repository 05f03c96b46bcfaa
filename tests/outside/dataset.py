"""The encounters that a platform is proven with."""

import zipfile
from pathlib import Path

from readmission import synthetic
from tests.conftest import REAL_ARCHIVE, REAL_CSV

CSV = "Diabetes.csv"
_SYNTHETIC_ROWS = 30_000


def put(folder: Path) -> Path:
    """Writes the real data set into a folder, or made-up encounters where it is not at hand; gives the file."""
    csv = folder / CSV
    if REAL_ARCHIVE.is_file():
        with zipfile.ZipFile(REAL_ARCHIVE) as archive:
            csv.write_bytes(archive.read(REAL_CSV))
    else:
        synthetic.write(csv, _SYNTHETIC_ROWS, seed=1)
    csv.chmod(0o644)
    return csv
