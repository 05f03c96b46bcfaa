"""One demo as a person runs it, in a folder and on ports of its own, and what is seen of it from outside."""

import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Self

import psutil

from connections.settings import Settings, machine_environment
from readmission.local import processes
from readmission.local.platform import Platform
from readmission.local.summary import Summary
from tests.recording_proxy import without_proxies

SECRETS = tuple(name for name, declared in Settings.model_fields.items() if "SecretStr" in str(declared.annotation))
DEMO_SECONDS = 900
_SAMPLE_SECONDS = 2.0


@dataclass
class Watched:
    """A demo's settings, platform and network's variables; the most memory in bytes, where it listened, its result."""

    settings: Settings
    network: Mapping[str, str] = field(default_factory=dict)
    summary: Summary | None = None
    peak_memory: int = 0
    listened: set[tuple[str, int]] = field(default_factory=set)
    _stop: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self.platform = Platform(self.settings)
        self.folder = self.settings.state_dir.parent

    def __enter__(self) -> Self:
        """Nothing is left running after the block."""
        return self

    def __exit__(self, *_error: object) -> None:
        self.platform.down()

    def run(self) -> None:
        """Runs the demo to its end, which leaves the services up; the test fails when it does not end well."""
        path = self.folder / "summary.json"
        code = self._exit_code("demo", "--detach", "--summary", str(path))
        assert code == 0, f"the demo ended with {code}"
        self.summary = Summary.model_validate_json(path.read_text(encoding="utf-8"))

    def _exit_code(self, *arguments: str) -> int:
        demo = psutil.Popen(
            (sys.executable, "-m", "readmission.local", *arguments),
            env={**without_proxies(machine_environment()), **self.network, **self.settings.as_environment(*SECRETS)},
            cwd=self.folder,
            umask=0,
        )
        watching = Thread(target=self._sample, args=(demo,), daemon=True)
        watching.start()
        try:
            return int(demo.wait(timeout=DEMO_SECONDS))
        finally:
            self._stop.set()
            watching.join()
            if demo.is_running():
                demo.terminate()
                demo.wait()

    def left(self) -> list[str]:
        """The processes that still run in the demo's folder, whoever started them."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if Path(process.cwd()).is_relative_to(self.folder.resolve()):
                    found.append(f"{process.name()} ({process.pid})")
        return found

    def _sample(self, demo: psutil.Process) -> None:
        while not self._stop.wait(_SAMPLE_SECONDS):
            tree = self.platform.supervisor.processes()
            self.peak_memory = max(self.peak_memory, memory([demo, *tree]))
            self.listened |= processes.listening(tree)


def memory(of: Iterable[psutil.Process]) -> int:
    """Bytes of memory that processes use; what they share is counted once (PSS, where the system knows it)."""
    total = 0
    for process in of:
        with suppress(psutil.Error):
            full = process.memory_full_info()
            total += getattr(full, "pss", full.rss)
    return total
