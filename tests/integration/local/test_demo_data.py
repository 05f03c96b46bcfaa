"""What the demo goes on with where the data set cannot be obtained."""

from pathlib import Path

from connections.settings import SYNTHETIC, Settings
from readmission import synthetic
from readmission.errors import SourceError
from readmission.local.demo import ROWS_THERE, without_data
from readmission.raw import ingest
from readmission.storage.databases import initialise

NO_NETWORK = SourceError("nobody answers")


def test_without_rows_it_makes_encounters_up_and_says_so(settings: Settings) -> None:
    source, said = without_data(settings, NO_NETWORK)
    assert source == SYNTHETIC
    assert "could not be obtained (nobody answers). The demo goes on with 30,000 made-up encounters" in said


def test_with_rows_it_goes_on_with_them_and_says_so(settings: Settings, tmp_path: Path) -> None:
    initialise(settings)
    synthetic.write(tmp_path / "hospital.csv", 1_000, seed=1)
    ingest.load(settings, tmp_path / "hospital.csv")
    source, said = without_data(settings, NO_NETWORK)
    assert source == ROWS_THERE
    assert "The demo goes on with the 1,000 synthetic encounters that are there (load 1)." in said
    assert "made-up" not in said
