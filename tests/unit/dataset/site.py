"""A web server for tests: pages whole or as a handler of the test's own writes them, and what was asked for."""

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

from connections.settings import Settings
from readmission.dataset.obtain import obtain
from readmission.progress import Progress, silent

Answer = Callable[[BaseHTTPRequestHandler], None]


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

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            page = served.pages.get(self.path.partition("?")[0])
            if served.failures:
                served.failures -= 1
                self.send_error(503)
            elif page is None:
                self.send_error(404)
            elif isinstance(page, bytes):
                sized(self, page, len(page))
            else:
                page(self)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield served
    finally:
        served.closed.set()
        server.shutdown()
        thread.join()
        server.server_close()


def sized(handler: BaseHTTPRequestHandler, body: bytes, length: int) -> None:
    """Answers with a body and a length, which need not be the body's."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(length))
    handler.end_headers()
    handler.wfile.write(body)


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
