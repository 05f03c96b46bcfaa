"""What goes to the platform's own hosts goes past proxies, whichever client asks; a download goes through them."""

import os
from collections.abc import Callable, Iterator
from functools import cache
from urllib.parse import urlsplit
from urllib.request import urlopen

import boto3
import httpx
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from connections import proxies
from connections.settings import Settings, get_settings, machine_environment
from tests.recording_proxy import RecordingProxy, recording_proxy, without_proxies
from tests.web_server import sized, web_server

AWAY = "http://files.example/encounters.csv"


@cache
def _session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="key", aws_secret_access_key="secret", region_name="us-east-1")


def _ask_with_boto3(url: str) -> None:
    """Asks for a bucket that is called as the path of the address."""
    address, _, bucket = url.rpartition("/")
    config = Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0})
    store = _session().client("s3", endpoint_url=address, config=config)
    store.head_bucket(Bucket=bucket)
    store.close()


CLIENTS: dict[str, Callable[[str], object]] = {
    "httpx": lambda url: httpx.get(url, timeout=5).raise_for_status(),
    "requests": lambda url: requests.get(url, timeout=5).raise_for_status(),
    "urllib": lambda url: urlopen(url, timeout=5).close(),
    "boto3": _ask_with_boto3,
}


@pytest.fixture(scope="module")
def proxy() -> Iterator[RecordingProxy]:
    with recording_proxy() as running:
        running.pages[AWAY] = b"encounter_id"
        yield running


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """The port of a service of the platform's."""
    with web_server(lambda request: sized(request, b"")) as address:
        yield str(urlsplit(address).port)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, proxy: RecordingProxy) -> Iterator[pytest.MonkeyPatch]:
    """An environment of nobody's, which the test fills; what becomes of it is undone."""
    before = dict(os.environ)
    for name in set(os.environ) - set(without_proxies(os.environ)):
        monkeypatch.delenv(name)
    proxy.asked.clear()
    get_settings.cache_clear()
    yield monkeypatch
    get_settings.cache_clear()
    os.environ.clear()
    os.environ.update(before)


def networks(address: str) -> dict[str, dict[str, str]]:
    """The ways in which people say that the internet is behind a proxy."""
    return {
        "upper": {"HTTP_PROXY": address, "HTTPS_PROXY": address},
        "lower": {"http_proxy": address, "https_proxy": address},
        "all": {"ALL_PROXY": address},
        "no scheme": {"http_proxy": address.removeprefix("http://")},
        "socks beside it": {
            "HTTP_PROXY": address,
            "ALL_PROXY": "socks5://127.0.0.1:9",
            "all_proxy": "socks://127.0.0.1:9",
        },
        "malformed beside it": {"HTTP_PROXY": address, "https_proxy": "http://proxy:port", "ALL_PROXY": "ftp://proxy"},
        "malformed in lower case": {"http_proxy": "http://[proxy", "HTTP_PROXY": address},
        "exceptions of others": {"HTTP_PROXY": address, "NO_PROXY": "corp.example, 10.0.0.0/8;", "no_proxy": "[::1]"},
        "a malformed exception": {"HTTP_PROXY": address, "NO_PROXY": "[::1]:80,http://,a b,[x"},
    }


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("network", networks(""))
def test_own_addresses_pass_the_proxy_by_and_downloads_do_not(
    environment: pytest.MonkeyPatch, proxy: RecordingProxy, service: str, network: str, client: str
) -> None:
    for name, value in networks(proxy.address)[network].items():
        environment.setenv(name, value)
    get_settings()
    for host in ("127.0.0.1", "localhost"):
        CLIENTS[client](f"http://{host}:{service}/bucket")
    assert proxy.asked == []
    CLIENTS["httpx"](AWAY)  # the one that downloads
    assert proxy.asked == [AWAY]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_star_takes_every_proxy_away(environment: pytest.MonkeyPatch, proxy: RecordingProxy, client: str) -> None:
    environment.setenv("HTTP_PROXY", proxy.address)
    environment.setenv("NO_PROXY", "*,corp.example")
    get_settings()
    with pytest.raises((httpx.HTTPError, OSError, BotoCoreError)):
        CLIENTS[client]("http://files.invalid/bucket")
    assert proxy.asked == [] and os.environ["no_proxy"] == "*"


@pytest.mark.parametrize(
    ("setting", "value", "host"),
    [
        ("MLFLOW_TRACKING_URI", "https://mlflow.corp/path", "mlflow.corp"),
        ("API_URL", "http://api:8000", "api"),
        ("PUBLIC_HOST", "ward.corp", "ward.corp"),
        ("OTHER_HOSTS", "a.corp, [fd00::7]", "fd00::7"),
        ("BIND_ADDRESS", "10.43.101.200", "10.43.101.200"),
        ("MLFLOW_TRACKING_URI", "http://[fd00::8]:5000", "fd00::8"),
    ],
)
def test_the_hosts_of_the_settings_are_the_platforms_own(
    environment: pytest.MonkeyPatch, proxy: RecordingProxy, setting: str, value: str, host: str
) -> None:
    environment.setenv("HTTP_PROXY", proxy.address)
    environment.setenv(setting, value)
    given = machine_environment(get_settings().own_hosts)
    assert host in given["NO_PROXY"].split(",") and given["NO_PROXY"] == given["no_proxy"] == os.environ["NO_PROXY"]
    url = f"http://[{host}]:1/" if ":" in host else f"http://{host}:1/"
    assert requests.utils.get_environ_proxies(url) == {}
    with httpx.Client() as client:
        ways = [client._transport_for_url(httpx.URL(address)) for address in (url, AWAY)]
    assert ways[0] is not ways[1] and ways[0] is client._transport


def test_what_is_said_twice_is_the_same(environment: pytest.MonkeyPatch, proxy: RecordingProxy) -> None:
    environment.setenv("HTTP_PROXY", proxy.address)
    environment.setenv("ALL_PROXY", "socks5://user:secret@127.0.0.1:9")
    settings = Settings()
    once = proxies.past_proxies(settings.own_hosts)
    assert {**once, **proxies.past_proxies(settings.own_hosts, once)} == once
    assert once[proxies.UNUSABLE] == "ALL_PROXY" and "secret" not in str(once)


def test_loopback_is_passed_by_whatever_the_hosts_are_called() -> None:
    given = proxies.past_proxies(("api",), {"NO_PROXY": "corp.example"})
    assert {"127.0.0.1", "localhost", "::1", "api", "corp.example"} <= set(given["no_proxy"].split(","))


def test_where_the_two_cases_differ_the_lower_one_is_passed_on_as_both() -> None:
    given = proxies.past_proxies((), {"HTTP_PROXY": "http://upper:1", "http_proxy": "http://lower:1"})
    assert (given["HTTP_PROXY"], given["http_proxy"]) == ("http://lower:1", "http://lower:1")


def test_a_proxy_that_was_mended_is_no_longer_called_unusable() -> None:
    given = proxies.past_proxies((), {proxies.UNUSABLE: "ALL_PROXY,HTTP_PROXY", "ALL_PROXY": "http://proxy:1"})
    assert given[proxies.UNUSABLE] == "HTTP_PROXY"


@pytest.mark.parametrize(
    ("proxy_address", "usable"),
    [
        ("http://proxy:3128", True),
        ("proxy", True),
        ("https://user:pass%40word@proxy.corp:8443/", True),
        ("http://[fd00::1]:3128", True),
        ("socks5h://proxy:1080", False),
        ("http://", False),
        ("http://proxy:99999", False),
        ("http://proxy:0", False),
        ("http://pro xy:3128", False),
        ("http://user:pass/word@proxy:3128", False),
    ],
)
def test_which_proxies_can_be_used(proxy_address: str, usable: bool) -> None:
    assert proxies.is_usable(proxy_address) is usable
