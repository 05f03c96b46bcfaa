"""The machine that figures come from."""

import os
from pathlib import Path
from statistics import median
from time import perf_counter

import psutil

_WRITES = 200
_GROUP = bytes(4096)


def described() -> str:
    """Its processor, cores and memory."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    name = models[0].partition(":")[2].strip() if models else "processor of unknown name"
    return f"{os.cpu_count()} cores of {name}, {psutil.virtual_memory().total / 2**30:.0f} GiB"


def fdatasync_milliseconds(folder: Path) -> float:
    """The median time in which 4 KiB at the end of a file in this folder are on the disk."""
    took = []
    path = folder / "fdatasync"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        for _ in range(_WRITES):
            begun = perf_counter()
            os.write(descriptor, _GROUP)
            os.fdatasync(descriptor)
            took.append(perf_counter() - begun)
    finally:
        os.close(descriptor)
        path.unlink()
    return median(took) * 1000
