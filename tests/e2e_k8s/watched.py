"""What became of pods while something ran: most of them are gone when it has ended."""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from k8s.commands.kubectl import KUBECTL, NAMESPACE

Seen = dict[str, dict[str, Any]]


@contextmanager
def watched(selector: str) -> Iterator[Seen]:
    """The pods of a selector as they were last seen, by name, once the block has ended."""
    seen: Seen = {}
    command = (KUBECTL, "--namespace", NAMESPACE, "get", "pods", f"--selector={selector}", "--watch", "--output=json")
    with tempfile.TemporaryFile("w+", encoding="utf-8") as written:
        process = subprocess.Popen(command, stdout=written)
        try:
            yield seen
        finally:
            process.terminate()
            process.wait()
            written.seek(0)
            seen.update((pod["metadata"]["name"], pod) for pod in _documents(written.read()))


def _documents(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects that follow each other in a text; a last one that is cut off is left out."""
    decoder, at = json.JSONDecoder(), 0
    while (at := _next(text, at)) < len(text):
        try:
            found, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError:
            return
        yield from found["items"] if found["kind"] == "List" else (found,)


def _next(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
