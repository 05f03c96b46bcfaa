"""An HTTP proxy that writes down what it is asked, and answers it itself with the files it was given."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
EXCEPTIONS = ("NO_PROXY", "no_proxy")


@dataclass
class RecordingProxy:
    """Where it listens, and each address that it was asked for."""

    address: str
    pages: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def hosts(self) -> set[str]:
        """The hosts, without ports, that it was asked for."""
        return {str(urlsplit(url if "://" in url else f"//{url}").hostname) for url in self.asked}

    def environment(self, *, lower: bool = False) -> dict[str, str]:
        """The variables of a network that is left through it, without any exception."""
        names = map(str.lower, PROXIES) if lower else PROXIES
        return dict.fromkeys(names, self.address)


def without_proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment in which nobody has said anything of proxies yet."""
    ours = {name.lower() for name in (*PROXIES, *EXCEPTIONS)}
    return {name: value for name, value in environment.items() if name.lower() not in ours}


@contextmanager
def recording_proxy() -> Iterator[RecordingProxy]:
    """Runs one on a free port for the block."""
    proxy = RecordingProxy("")

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            proxy.asked.append(self.path)
            page = proxy.pages.get(self.path)
            if page is None:
                self.send_error(502)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_CONNECT = handle_any

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
