"""A vulnerable pin fails the audit, and so does a service that cannot know of any."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from supply.advisories import CANARY, LOCKS, pins
from supply.audit import main
from tests.conftest import NOBODY_LISTENS, ROOT
from tests.integration.supply.clone import new_clone
from tests.web_server import sized, web_server

LOCK = """
jinja2==3.1.2 ; python_full_version < '3.12' \\
    --hash=sha256:{hash}
jinja2==3.1.6 ; python_full_version >= '3.12' \\
    --hash=sha256:{hash}
PyYAML[extra]==6.0.4 \\
    --hash=sha256:{hash}
""".format(hash="0" * 64)
Advisories = dict[tuple[str, str], str]
KNOWN: Advisories = {CANARY: "PYSEC-2018-28", ("jinja2", "3.1.2"): "PYSEC-2024-1"}


def advisory(name: str, identifier: str) -> dict[str, Any]:
    """An entry as OSV's interface gives it."""
    events = [{"introduced": "0"}, {"fixed": "3.1.3"}]
    affected = {"package": {"name": name, "ecosystem": "PyPI"}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    about = {"id": identifier, "aliases": ["CVE-2024-22195"], "summary": "a hole", "published": "2024-01-11T15:20:48Z"}
    return {**about, "schema_version": "1.7.0", "modified": "2024-02-01T00:00:00Z", "affected": [affected]}


@contextmanager
def service(known: Advisories) -> Iterator[tuple[str, set[tuple[str, str]]]]:
    """An advisory service, and what it was asked about."""
    asked: set[tuple[str, str]] = set()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        query = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        pin = (query["package"]["name"], query["version"])
        asked.add(pin)
        found = {"vulns": [advisory(pin[0], known[pin])]} if pin in known else {}
        sized(handler, json.dumps(found).encode())

    with web_server(answer) as address:
        yield f"{address}/v1/query", asked


Audit = Callable[[str], tuple[int, str]]


@pytest.fixture
def audited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Audit:
    """Looks at a clone with the lock above, at a service's address."""
    root = new_clone(tmp_path / "clone")
    for name in LOCKS:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(LOCK if name == LOCKS[0] else "", encoding="utf-8")

    def audit(address: str) -> tuple[int, str]:
        monkeypatch.setenv("ADVISORIES_URL", address)
        return main(["--root", str(root), "--only", "advisories"]), capsys.readouterr().out

    return audit


def test_a_vulnerable_pin_fails_whatever_python_it_is_for(audited: Audit) -> None:
    with service(KNOWN) as (address, asked):
        code, told = audited(address)
    assert code == 1
    line = "advisories: PYSEC-2024-1 in jinja2: 3.1.2 (CVE-2024-22195); repaired in 3.1.3"
    assert told.splitlines()[0] == line
    assert asked == {CANARY, ("jinja2", "3.1.2"), ("jinja2", "3.1.6"), ("pyyaml", "6.0.4")}


def test_a_lock_without_advisories_passes(audited: Audit) -> None:
    with service({CANARY: "PYSEC-2018-28"}) as (address, _):
        assert audited(address) == (0, "nothing found: advisories\n")


def test_a_service_without_advisories_is_none(audited: Audit) -> None:
    with service({}) as (address, asked):
        code, told = audited(address)
    assert code == 1 and asked == {CANARY}
    assert (
        "*** advisories: NOT CHECKED: advisory service unreachable: what answers knows no advisory on requests" in told
    )


def test_an_answer_that_is_none_is_not_passed(audited: Audit) -> None:
    with web_server(lambda handler: handler.send_error(404)) as address:
        code, told = audited(address)
    assert code == 1 and "NOT CHECKED: advisory service unreachable: " in told


def test_nobody_who_answers_is_not_passed(audited: Audit) -> None:
    code, told = audited(f"{NOBODY_LISTENS}/v1/query")
    assert code == 1
    assert told.startswith("*** advisories: NOT CHECKED: advisory service unreachable: ")
    assert "make audit OFFLINE=1" in told


def test_offline_passes_and_says_loudly_what_was_not_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "advisories", "--offline"]) == 0
    told = capsys.readouterr().out
    assert "*** advisories: NOT CHECKED: " in told and told.endswith("nothing found: \n")


def test_every_package_of_the_lock_is_asked_about() -> None:
    text = "".join((ROOT / name).read_text(encoding="utf-8") for name in LOCKS)
    found = set().union(*(pins(ROOT / name) for name in LOCKS))
    assert len(found) > 300
    assert len(found) == len([line for line in text.splitlines() if "==" in line and not line.startswith((" ", "#"))])
