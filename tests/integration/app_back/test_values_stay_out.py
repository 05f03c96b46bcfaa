"""One patient goes down every path on which the service can fail; no log, figure or other's answer tells of them."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from app_back.log.segment import SUFFIX
from app_back.log.set_aside import DAMAGED, REFUSED
from connections.settings import Settings
from tests.integration.app_back.log.faults import database_file, locked_file, moved_file, no_table
from tests.integration.app_back.registry import register
from tests.integration.app_back.servers import api_log, own_settings, running_api, wait_for

REF, CODE, LABS = "SENTINEL-REF-7F3A", "V57.89", 119
PATIENT: dict[str, str | int] = {
    "encounter_ref": REF,
    "diag_1": CODE,
    "num_lab_procedures": LABS,
    "medical_specialty": "SENTINEL-SPECIALTY",
}
TELLING = ("SENTINEL", CODE, str(LABS))
HEAD = {"Content-Type": "application/json"}

Http = httpx.Client


@pytest.fixture(scope="module")
def quiet(stores: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Http, Settings]]:
    """A service that logs all it can, on a database of its own."""
    folder = tmp_path_factory.mktemp("values")
    settings = own_settings(stores, folder, "values").model_copy(update={"log_level": "DEBUG", "journal_max_mb": 1})
    register(settings, folder / "files")
    with running_api(settings) as http:
        wait_for(lambda: http.get("/health/ready").status_code == 200)
        yield http, settings


def wrong_values(http: Http) -> None:
    for wrong in ({"num_lab_procedures": f"{LABS}x"}, {"diag_1": "SENTINEL"}, {"age": LABS * 1000}, {"SENTINEL": 1}):
        assert http.post("/predict", json={**PATIENT, **wrong}).status_code == 422
    assert http.post("/predict", json=[PATIENT]).status_code == 422
    contradicting = {**PATIENT, "discharge_code": "6", "discharge_disposition_id": "Otro SENTINEL"}
    assert http.post("/predict", json=contradicting).status_code == 422


def bodies_that_cannot_be_read(http: Http) -> None:
    whole = json.dumps(PATIENT)
    for broken in (whole[:-1], f'{whole[:-1]}, "diag_1": "{CODE}"}}', whole.encode() + b"\xff", f"{whole}{whole}"):
        assert http.post("/predict", content=broken, headers=HEAD).status_code in (400, 422)
    assert http.post("/predict", content=whole * 1000, headers=HEAD).status_code == 413
    assert http.post("/predict", data=PATIENT).status_code == 422


def routes_that_are_not_there(http: Http) -> None:
    assert http.post(f"/predict/{REF}", json=PATIENT).status_code == 404
    assert http.get("/predict", params=PATIENT).status_code == 405
    assert http.get(f"/{REF}", params=PATIENT).status_code == 404
    assert http.get("/predictions/", params=PATIENT).status_code == 307
    assert http.get("/predictions", params={**PATIENT, "limit": REF}).status_code == 422
    assert http.delete("/predictions", params=PATIENT).status_code == 405
    assert http.get("/model", headers={"X-Request-ID": f"{REF} {CODE}", "Referer": REF}).status_code == 200
    assert http.request("SENTINEL", "/predict").status_code == 400


def a_batch_with_a_wrong_row(http: Http) -> None:
    rows = [PATIENT, {**PATIENT, "gender": "SENTINEL"}, PATIENT]
    assert http.post("/predict/batch", json={"encounters": rows}).status_code == 422
    lines = f"encounter_ref,diag_1\n{REF},{CODE}\n{REF},SENTINEL,{LABS}\n"
    assert http.post("/predict/batch", content=lines, headers={"Content-Type": "text/csv"}).status_code == 422
    assert http.post("/predict/batch", content=f"{REF}\n", headers={"Content-Type": "text/csv"}).status_code == 422


ASKED = (wrong_values, bodies_that_cannot_be_read, routes_that_are_not_there, a_batch_with_a_wrong_row)


@pytest.mark.parametrize("ask", ASKED, ids=lambda ask: ask.__name__)
def test_what_is_refused_is_told_to_who_sent_it_alone(
    quiet: tuple[Http, Settings], ask: Callable[[Http], None]
) -> None:
    http, _ = quiet
    ask(http)
    nothing_tells(quiet)


def test_a_database_that_fails_quotes_nothing(quiet: tuple[Http, Settings]) -> None:
    http, settings = quiet
    for fault in (no_table, locked_file, moved_file):
        with fault(settings):
            answer = http.post("/predict", json=PATIENT)
            assert (answer.status_code, answer.json()["logged"]) == (200, "journal"), fault
            listed = http.get("/predictions")
            assert listed.status_code == 200 or not telling(listed.text)
            nothing_tells(quiet)
        wait_for(lambda: http.get("/health/ready").json()["waiting"] == 0)


def test_a_row_that_the_database_refuses_is_quoted_by_nobody(quiet: tuple[Http, Settings]) -> None:
    http, settings = quiet
    with closing(sqlite3.connect(database_file(settings), isolation_level=None)) as database:
        # As MySQL's own errors do, it quotes the row.
        database.execute(
            "CREATE TRIGGER refuses BEFORE INSERT ON predictions WHEN NEW.encounter_ref = 'SENTINEL-REF-7F3A' "
            "BEGIN SELECT RAISE(ABORT, 'Data too long: SENTINEL-REF-7F3A'); END"
        )
        assert http.post("/predict", json=PATIENT).json()["logged"] == "journal"
        folder = settings.state_dir / "serving/journal"
        wait_for(lambda: list(folder.glob(f"*{REFUSED}")))
        database.execute("DROP TRIGGER refuses")
    assert "does not get into the table: the database refuses a row" in api_log(settings)
    nothing_tells(quiet)


def test_a_damaged_row_and_a_damaged_journal_are_told_without_what_they_hold(quiet: tuple[Http, Settings]) -> None:
    http, settings = quiet
    with closing(sqlite3.connect(database_file(settings), isolation_level=None)) as database:
        database.execute("UPDATE predictions SET inputs = ? WHERE encounter_ref = ?", (f"{REF} {CODE}", REF))
        assert http.get("/predictions").status_code == 500
        database.execute(
            """UPDATE predictions SET inputs = '{"age": 65}', probability = ? WHERE encounter_ref = ?""", (REF, REF)
        )
        http.get("/predictions")
        database.execute("DELETE FROM predictions")
    assert '"traceback"' in api_log(settings) and "JSONDecodeError" in api_log(settings)
    folder = settings.state_dir / "serving/journal"
    (folder / f"00000000{SUFFIX}").write_text(f"00000000 1 [{json.dumps(PATIENT)}]\n")
    wait_for(lambda: list(folder.glob(f"*{DAMAGED}")))
    nothing_tells(quiet)


def test_a_journal_that_is_full_says_no_more_than_that(quiet: tuple[Http, Settings]) -> None:
    http, settings = quiet
    batch = {"encounters": [PATIENT] * 900}
    with no_table(settings):
        answers = [http.post("/predict/batch", json=batch) for _ in range(3)]
        last = answers[-1]
        assert last.status_code == 503 and "JOURNAL_MAX_MB" in last.json()["error"]["message"]
        assert not telling(last.text)
        nothing_tells(quiet)


def nothing_tells(quiet: tuple[Http, Settings]) -> None:
    """Of what others see: every log of the platform, the figures, the health and the model."""
    http, settings = quiet
    logs = {path.name: path.read_text() for path in logs_of(settings)}
    assert logs["api.log"].count("\n") > 5
    others = {place: http.get(place).text for place in ("/metrics", "/health", "/health/ready", "/model")}
    for place, said in (logs | others).items():
        assert not telling(said), place


def telling(said: str) -> list[str]:
    """The lines that hold something of the patient; a time or an id may hold three digits by chance."""
    words = [word for word in TELLING if word != str(LABS)]
    return [
        line
        for line in said.splitlines()
        if any(word in line for word in words) or f'"num_lab_procedures": {LABS}' in line
    ]


def logs_of(settings: Settings) -> list[Path]:
    return sorted((settings.state_dir / "log").glob("*.log"))
