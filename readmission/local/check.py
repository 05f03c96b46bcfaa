"""`make demo-check`: the whole demo in a throw-away folder on free ports, and what must hold after it.

The demo runs as a program of its own; this one samples its memory and looks at it from outside.
"""

import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import httpx
import psutil
from rich.console import Console
from rich.table import Table

from connections.settings import SYNTHETIC, Settings, machine_environment
from readmission.errors import ReadmissionError
from readmission.local import processes
from readmission.local.platform import Platform
from readmission.local.ports import free_offset
from readmission.local.summary import Summary

REAL_ROWS = 101_766
MOST_MEMORY = 4e9
_DEMO_SECONDS = 900
_SAMPLE_SECONDS = 2.0


class CheckError(ReadmissionError):
    """The demo did not do what it must; the message lists what."""


@dataclass(frozen=True)
class Finding:
    """One thing that must hold, whether it does, and the figure."""

    what: str
    holds: bool
    figure: str


def run(settings: Settings, console: Console, source: str | None) -> None:
    """Runs the demo (on `source`, a DATASET_SOURCE) and checks it; leaves nothing running.

    Raises:
        CheckError: something does not hold.
    """
    with tempfile.TemporaryDirectory(prefix="readmission-check-") as folder:
        own = _own_settings(settings, Path(folder), source)
        platform = Platform(own)
        try:
            seen = _demo(own, platform, Path(folder))
            summary = Summary.model_validate_json((Path(folder) / "summary.json").read_text(encoding="utf-8"))
            findings = [_is_as_asked(summary, source), *_about(summary), *_from_outside(own, platform, summary, seen)]
        finally:
            platform.down()
            left = _left(Path(folder))
    findings.append(Finding("nothing is left running", not left, ", ".join(left) or "nothing"))
    _report(console, findings, summary)


def _own_settings(settings: Settings, folder: Path, source: str | None) -> Settings:
    changes: dict[str, object] = {"state_dir": folder / "var", "dataset_path": folder / "data" / "Diabetes.csv"}
    if source is not None:
        changes["dataset_source"] = source
    moved = settings.model_copy(update=changes)
    return moved.model_copy(update={"port_offset": free_offset(moved)})


def _demo(settings: Settings, platform: Platform, folder: Path) -> "_Watch":
    names = ("state_dir", "dataset_path", "dataset_source", "port_offset")
    shared = settings.as_environment()
    moved = {name.upper(): shared[name.upper()] for name in names}
    arguments = ("demo", "--detach", "--summary", str(folder / "summary.json"))
    demo = subprocess.Popen((sys.executable, "-m", "readmission.local", *arguments), env=machine_environment() | moved)
    with _Watch(platform, demo.pid) as watch:
        try:
            code = demo.wait(timeout=_DEMO_SECONDS)
        except BaseException:
            demo.terminate()
            demo.wait()
            raise
    if code != 0:
        raise CheckError(f"the demo ended with {code}")
    return watch


class _Watch:
    """Until the end of the block, the most memory that the platform and the demo used, and where they listened."""

    def __init__(self, platform: Platform, demo_pid: int) -> None:
        self.peak = 0
        self.listened: set[tuple[str, int]] = set()
        self._platform, self._demo = platform, psutil.Process(demo_pid)
        self._stop = Event()
        self._thread = Thread(target=self._sample, daemon=True)

    def __enter__(self) -> "_Watch":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stop.wait(_SAMPLE_SECONDS):
            tree = self._platform.supervisor.processes()
            self.peak = max(self.peak, processes.memory([self._demo, *tree]))
            self.listened |= processes.listening(tree)


def _is_as_asked(summary: Summary, source: str | None) -> Finding:
    real = source not in (None, SYNTHETIC)
    return Finding("the data is what was asked for", not real or summary.dataset == "real", summary.dataset)


def _about(summary: Summary) -> list[Finding]:
    model = summary.production
    findings = [
        Finding("a batch is in production", model.batch_id in {b.batch_id for b in summary.batches}, model.version),
        Finding("test F1 >= 0.25", model.test_f1 >= 0.25, f"{model.test_f1:.4f}"),
        Finding(
            "test Brier <= 0.97 of the base rate's",
            model.test_brier <= 0.97 * model.test_base_brier,
            f"{model.test_brier / model.test_base_brier:.4f}",
        ),
    ]
    lowest = 0.64 if summary.dataset == "real" else 0.60
    findings.append(Finding(f"test ROC-AUC >= {lowest}", model.test_roc_auc >= lowest, f"{model.test_roc_auc:.4f}"))
    if summary.dataset == "real":
        findings.append(Finding("rows loaded", summary.rows_loaded == REAL_ROWS, f"{summary.rows_loaded:,}"))
        findings.append(Finding("six batches", len(summary.batches) == 6, str(len(summary.batches))))
    return findings


def _from_outside(settings: Settings, platform: Platform, summary: Summary, seen: _Watch) -> list[Finding]:
    logged = httpx.get(f"{settings.url('api')}/predictions?limit=5", timeout=30, trust_env=False).json()
    ids = [prediction["prediction_id"] for prediction in logged["predictions"]]
    listened = seen.listened | platform.listening()
    elsewhere = sorted(f"{ip}:{port}" for ip, port in listened if ip != "127.0.0.1")
    return [
        Finding("the prediction is logged", summary.prediction.prediction_id in ids, f"{len(ids)} logged"),
        Finding("nothing listens beyond 127.0.0.1", not elsewhere, ", ".join(elsewhere) or f"{len(listened)} on it"),
        Finding("every service is healthy", all(s.healthy() for s in platform.services), str(len(platform.services))),
        Finding(
            f"peak memory under {MOST_MEMORY / 1e9:.0f} GB (PSS)",
            0 < seen.peak < MOST_MEMORY,
            f"{seen.peak / 1e9:.2f} GB",
        ),
    ]


def _left(folder: Path) -> list[str]:
    """The processes that still run in the throw-away folder, whoever started them."""
    left = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if Path(process.cwd()).is_relative_to(folder.resolve()):
                left.append(f"{process.name()} ({process.pid})")
    return left


def _report(console: Console, findings: list[Finding], summary: Summary) -> None:
    table = Table("", "Check", "Found", title="Demo check", title_justify="left")
    for finding in findings:
        table.add_row("ok" if finding.holds else "[red]NO[/]", finding.what, finding.figure)
    console.print(table)
    console.print("seconds: " + ", ".join(f"{step} {took:.0f}" for step, took in summary.seconds.items()))
    failed = [finding.what for finding in findings if not finding.holds]
    if failed:
        raise CheckError(f"does not hold: {'; '.join(failed)}")
