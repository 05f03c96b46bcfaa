"""Where the services listen and are reached, and the addresses that follow from that."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator
from pydantic_settings import BaseSettings

from connections import addresses

Port = Literal["airflow", "api", "form", "mlflow"]


def _as_list(names: str) -> str:
    return ",".join(addresses.host_names(names))


class Addresses(BaseSettings):
    """The part of the settings that is about addresses. Each port is moved by its own setting, all by PORT_OFFSET."""

    bind_address: Annotated[str, AfterValidator(addresses.bare)] = "127.0.0.1"
    public_host: Annotated[str, AfterValidator(addresses.host_name)] | None = None
    other_hosts: Annotated[str, AfterValidator(_as_list)] = ""
    port_offset: int = 0
    airflow_port: int = 8080
    api_port: int = 8000
    form_port: int = 8501
    mlflow_port: int = 8084

    # Where services are that are not this clone's own; in Docker all are. MLflow keeps artifacts in the object store.
    mlflow_tracking_uri: str | None = None
    mlflow_s3_endpoint_url: str = "http://minio:9000"
    api_url: str | None = None

    def port(self, name: Port) -> int:
        """The port a service listens on, offset included."""
        base: int = getattr(self, f"{name}_port")
        return base + self.port_offset

    def url(self, name: Port) -> str:
        """The address of a service for programs on this machine."""
        host = addresses.EVERY_ADDRESS.get(self.bind_address, self.bind_address)
        return f"http://{addresses.in_url(host)}:{self.port(name)}"

    def public_url(self, name: Port) -> str:
        """The address of a service as people open it, on this machine or on another if services listen beyond it."""
        return f"http://{self.shown_host}:{self.port(name)}"

    @property
    def shown_host(self) -> str:
        """The host in the addresses that people are given."""
        return addresses.in_url(addresses.shown(self.bind_address, self.public_host))

    @property
    def names(self) -> tuple[str, ...]:
        """Every name and address under which the services that listen here are asked for."""
        return addresses.names(self.bind_address, self.public_host, addresses.host_names(self.other_hosts))

    @property
    def own_hosts(self) -> tuple[str, ...]:
        """Hosts that the platform itself talks to, which no proxy stands between."""
        known = (self.mlflow_tracking_uri, self.api_url, self.mlflow_s3_endpoint_url)
        return tuple(dict.fromkeys((*self.names, *filter(None, (_host_of(url) for url in known)))))

    @property
    def mlflow_pages(self) -> str:
        """MLflow's address as people open it."""
        return (self.mlflow_tracking_uri or self.public_url("mlflow")).rstrip("/")

    @property
    def tracking_uri(self) -> str:
        """MLflow's address."""
        return self.mlflow_tracking_uri or self.url("mlflow")

    @property
    def mlflow_is_here(self) -> bool:
        """Whether MLflow is asked at an address of this machine's, where an account of the platform's is at home."""
        return _host_of(self.tracking_uri) in self.names

    @property
    def prediction_api(self) -> str:
        """The address at which the form finds the prediction service."""
        return (self.api_url or self.url("api")).rstrip("/")


def _host_of(url: str | None) -> str | None:
    try:
        return urlsplit(url or "").hostname
    except ValueError:
        return None
