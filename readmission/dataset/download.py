"""Fetches a file over http(s): streamed, bounded in size and time, tried again when the connection fails."""

import asyncio
import logging
from pathlib import Path

import httpx
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_exponential

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
_PORTS = range(1, 65_536)


def fetch(url: str, out: Path, progress: Progress, seconds: float, largest: int = LARGEST_BYTES) -> bool:
    """Writes what the address answers to `out`, in `seconds` at most, attempts included; tells progress in bytes.

    Whether the server said where its answer ends; if not, an answer that was cut short looks like a whole one.

    Raises:
        SourceError: it is no address, does not answer, answers with an error, too slowly, or too much.
        OSError: the disk did not take it.
    """
    name = without_credentials(url)
    # httpx logs whole addresses, and what follows the question mark may be a token.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        return asyncio.run(_fetch(_address(url, name), out, progress, seconds, largest))
    except httpx.HTTPStatusError as error:
        raise SourceError(f"{name} answered {error.response.status_code} {error.response.reason_phrase}") from error
    except TimeoutError as error:
        raise SourceError(
            f"{name} was not fetched within {seconds:g} seconds (DATASET_FETCH_SECONDS): raise it if the line is slow"
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise SourceError(f"{name} cannot be fetched ({type(error).__name__}: {error})") from error


def _address(url: str, name: str) -> httpx.URL:
    """The address, parsed; what is wrong with one is not repeated, since it may be a part of a password."""
    try:
        address = httpx.URL(url)
        # httpx takes a single bracket for a host, and any number for a port.
        whole = name.count("[") == name.count("]") and address.host.strip() and address.host.encode("idna")
        if whole and (address.port is None or address.port in _PORTS):
            return address
    except (httpx.InvalidURL, ValueError):
        pass
    raise SourceError(f"{name} is no address (its host or port is wrong): write it as https://host/folder/file.zip")


async def _fetch(url: httpx.URL, out: Path, progress: Progress, seconds: float, largest: int) -> bool:
    attempts = AsyncRetrying(
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_exponential(multiplier=0.25, max=5),
        retry=retry_if_exception(_may_pass),
        reraise=True,
    )
    # A deadline for all of it: a server that sends a byte now and then never meets the timeout of one read.
    async with asyncio.timeout(seconds):
        return await attempts(_fetch_once, url, out, progress, largest)


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code >= _SERVER_ERRORS or error.response.status_code == _TOO_MANY
    return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol)


async def _fetch_once(url: httpx.URL, out: Path, progress: Progress, largest: int) -> bool:
    async with (
        httpx.AsyncClient(follow_redirects=True, timeout=TIMEOUT) as client,
        client.stream("GET", url) as response,
    ):
        response.raise_for_status()
        total = int(response.headers.get("content-length", 0)) or None
        with out.open("wb") as file:
            done = 0
            async for data in response.aiter_bytes():
                done += len(data)
                check_size(done, without_credentials(str(url)), largest)
                file.write(data)
                progress(response.num_bytes_downloaded, total)
        return (
            "content-length" in response.headers or "chunked" in response.headers.get("transfer-encoding", "").lower()
        )
