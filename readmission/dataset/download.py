"""Fetches a file over http(s): streamed, bounded, tried again when the connection fails."""

import logging
from pathlib import Path

import httpx
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from connections import proxies
from readmission.dataset.archives import check_size
from readmission.dataset.origin import without_credentials
from readmission.errors import SourceError
from readmission.progress import Progress

logger = logging.getLogger(__name__)

LARGEST_BYTES = 1 << 30
ATTEMPTS = 3
TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_SERVER_ERRORS = 500
_TOO_MANY = 429


def fetch(url: str, out: Path, progress: Progress, largest: int = LARGEST_BYTES) -> None:
    """Writes what the address answers to `out`; tells progress in bytes.

    Raises:
        SourceError: it does not answer, answers with an error, or with more than `largest` bytes; the proxy on the
            way to it cannot be used.
    """
    name = without_credentials(url)
    way = _way_to(url)
    # httpx logs whole addresses, and what follows the question mark may be a token.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    attempts = Retrying(
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_exponential(multiplier=0.25, max=5),
        retry=retry_if_exception(_may_pass),
        reraise=True,
    )
    try:
        attempts(_fetch_once, url, out, progress, largest)
    except httpx.HTTPStatusError as error:
        raise SourceError(
            f"{name} answered {error.response.status_code} {error.response.reason_phrase}{way}"
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SourceError(f"{name} cannot be fetched ({type(error).__name__}: {error}{way})") from error


def _way_to(url: str) -> str:
    try:
        variable = proxies.proxy_for(url)
    except ValueError:
        return ""  # the address itself is malformed, which the client tells
    if variable and proxies.is_left_out(variable):
        raise SourceError(
            f"{without_credentials(url)} cannot be fetched: the proxy that {variable} names cannot be used. It has to "
            "be the address of an http(s) proxy, http://name:port; SOCKS is not spoken"
        )
    return f", through the proxy of {variable}" if variable else ""


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code >= _SERVER_ERRORS or error.response.status_code == _TOO_MANY
    return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol)


def _fetch_once(url: str, out: Path, progress: Progress, largest: int) -> None:
    with httpx.stream("GET", url, follow_redirects=True, timeout=TIMEOUT) as response, out.open("wb") as file:
        response.raise_for_status()
        total = int(response.headers.get("content-length", 0)) or None
        done = 0
        for data in response.iter_bytes():
            done += len(data)
            check_size(done, without_credentials(url), largest)
            file.write(data)
            progress(response.num_bytes_downloaded, total)
