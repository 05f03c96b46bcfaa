"""An HTTP proxy that writes down what it is asked, and answers it itself with the files it was given."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from tests.web_server import sized, web_server

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

    def answer(request: BaseHTTPRequestHandler) -> None:
        proxy.asked.append(request.path)
        page = proxy.pages.get(request.path)
        if page is None:
            request.send_error(502)
        else:
            sized(request, page)

    with web_server(answer) as proxy.address:
        yield proxy
