"""A web site that data sets are fetched from: pages, whole or cut short, and what was asked for."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event

from connections.settings import Settings
from readmission.dataset.obtain import obtain
from readmission.progress import Progress, silent
from tests.web_server import Answer, sized, web_server


@dataclass
class Site:
    """What a local web server answers, by path, and what it was asked; `closed` is set when the test is over."""

    address: str = ""
    pages: dict[str, bytes | Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    failures: int = 0
    closed: Event = field(default_factory=Event)


@contextmanager
def running() -> Iterator[Site]:
    """The server, on a port of its own."""
    served = Site()

    def answer(request: BaseHTTPRequestHandler) -> None:
        served.asked.append(request.path)
        page = served.pages.get(request.path.partition("?")[0])
        if served.failures:
            served.failures -= 1
            request.send_error(503)
        elif page is None:
            request.send_error(404)
        elif isinstance(page, bytes):
            sized(request, page)
        else:
            page(request)

    with web_server(answer) as served.address:
        try:
            yield served
        finally:
            served.closed.set()


def unsized(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    """Answers with a body that ends where the connection does, as HTTP/1.0 did."""
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(body)


def chunked(handler: BaseHTTPRequestHandler, body: bytes, whole: bool) -> None:
    """Answers with a body in one chunk, and without the end of chunks unless it is whole."""
    handler.protocol_version = "HTTP/1.1"
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"%x\r\n%s\r\n" % (len(body), body) + (b"0\r\n\r\n" if whole else b""))
    handler.close_connection = True


def zipped(members: dict[str, bytes]) -> bytes:
    """A zip archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


@dataclass(frozen=True)
class Got:
    """What obtaining gave, and what was there to read meanwhile."""

    path: Path
    name: str
    content: bytes
    remarks: tuple[str, ...]


def get(settings: Settings, source: str | None = None, progress: Progress = silent) -> Got:
    """Obtains a file, and reads and checks it as a load does."""
    with obtain(settings, source, progress) as file:
        return Got(file.path, file.name, file.path.read_bytes(), file.checked.remarks)


def files(settings: Settings) -> list[str]:
    """All that is in the data set's folder."""
    folder = settings.dataset_path.parent
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []
