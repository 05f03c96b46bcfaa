"""SeaweedFS as a test's own S3 server, in the place that MinIO has in Docker."""

import httpx

from connections.settings import Settings, machine_environment
from readmission.local.service import Folders, Port, Service, program
from tests.free_ports import free_port

LOOPBACK = "127.0.0.1"
# Left alone, each would take a well-known port, and a gRPC port 10,000 above it.
_INNER_PORTS = (
    "master.port", "master.port.grpc", "volume.port", "volume.port.grpc",
    "filer.port", "filer.port.grpc", "s3.port.grpc",
)  # fmt: skip


def with_store_address(settings: Settings) -> Settings:
    """The same settings, with an address for an object store where nobody listens yet."""
    return settings.model_copy(update={"mlflow_s3_endpoint_url": f"http://{LOOPBACK}:{free_port()}"})


def seaweedfs(settings: Settings) -> Service:
    """SeaweedFS at the settings' object store address, with the settings' keys, and everything on loopback."""
    folder = Folders.of(settings).of_service("object-store")
    port = int(settings.mlflow_s3_endpoint_url.rpartition(":")[2])
    return Service(
        name="object-store",
        command=(
            program("weed"),
            "server",
            f"-dir={folder}",
            f"-ip={LOOPBACK}",
            f"-ip.bind={LOOPBACK}",
            "-s3",
            f"-s3.port={port}",
            f"-s3.ip.bind={LOOPBACK}",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            *(f"-{flag}={free_port()}" for flag in _INNER_PORTS),
            "-volume.max=0",
            "-master.volumeSizeLimitMB=256",
            "-volume.preStopSeconds=1",
            "-master.telemetry=false",
        ),
        environment=machine_environment() | keys(settings),
        folder=folder,
        log=Folders.of(settings).logs / "object-store.log",
        healthy=lambda: _answers(settings.mlflow_s3_endpoint_url),
        port=Port(port, "S3_PORT"),
    )


def keys(settings: Settings) -> dict[str, str]:
    """The environment that gives a server the object store's keys."""
    return {
        "AWS_ACCESS_KEY_ID": settings.aws_access_key_id.get_secret_value(),
        "AWS_SECRET_ACCESS_KEY": settings.aws_secret_access_key.get_secret_value(),
    }


def _answers(url: str) -> bool:
    """Whether the store answers, though it be with a refusal of a request without keys."""
    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code == httpx.codes.FORBIDDEN
    except httpx.HTTPError:
        return False
