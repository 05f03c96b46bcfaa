"""The services that keep models and runs: SeaweedFS as the object store, and MLflow's server in front of it."""

import sys
from pathlib import Path

from connections.settings import Settings, machine_environment
from readmission.local.health import answers, bucket_ready
from readmission.local.ports import s3_inner_ports
from readmission.local.service import Folders, Port, Service

LOOPBACK = "127.0.0.1"
_S3_KEYS = ("aws_access_key_id", "aws_secret_access_key")


def program(name: str) -> str:
    """A program of the environment that this process runs in."""
    return str(Path(sys.executable).parent / name)


def object_store(settings: Settings) -> Service:
    """SeaweedFS. Only its S3 port asks for keys, so all the others stay on loopback whatever BIND_ADDRESS says."""
    folder = Folders.of(settings).of_service("seaweedfs")
    inner = s3_inner_ports(settings)
    return Service(
        name="object-store",
        title="Object store (S3)",
        command=(
            program("weed"),
            "server",
            f"-dir={folder}",
            f"-ip={LOOPBACK}",
            f"-ip.bind={LOOPBACK}",
            "-s3",
            f"-s3.port={settings.port('s3')}",
            f"-s3.ip.bind={settings.bind_address}",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            *(f"-{flag}={port}" for flag, port in inner.items()),
            "-volume.max=0",
            "-master.volumeSizeLimitMB=256",
            "-volume.preStopSeconds=1",
            "-master.telemetry=false",
        ),
        environment=machine_environment() | _s3_keys(settings),
        folder=folder,
        log=Folders.of(settings).logs / "object-store.log",
        healthy=lambda: bucket_ready(settings),
        ports=(Port(settings.port("s3"), "S3_PORT"), *(Port(port, "S3_INNER_PORT") for port in inner.values())),
        address=settings.url("s3"),
    )


def mlflow(settings: Settings) -> Service:
    """MLflow's server. It proxies artifacts, so it alone holds the object store's keys."""
    folder = Folders.of(settings).of_service("mlflow")
    port = settings.port("mlflow")
    return Service(
        name="mlflow",
        title="MLflow",
        command=(
            program("mlflow"),
            "server",
            f"--host={settings.bind_address}",
            f"--port={port}",
            "--workers=1",
            f"--backend-store-uri=sqlite:///{folder / 'mlflow.db'}",
            "--serve-artifacts",
            f"--artifacts-destination=s3://{settings.bucket}/artifacts",
            f"--allowed-hosts=localhost:{port},127.0.0.1:{port},{settings.bind_address}:{port}",
        ),
        environment=machine_environment()
        | _s3_keys(settings)
        | {
            "MLFLOW_S3_ENDPOINT_URL": settings.s3_endpoint,
            "AWS_DEFAULT_REGION": settings.aws_default_region,
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        },
        folder=folder,
        log=Folders.of(settings).logs / "mlflow.log",
        # Unlike /health, this passes the check of the Host header and reads the database.
        healthy=lambda: answers(f"{settings.url('mlflow')}/api/2.0/mlflow/experiments/search?max_results=1"),
        ports=(Port(port, "MLFLOW_PORT"),),
        address=settings.url("mlflow"),
    )


def _s3_keys(settings: Settings) -> dict[str, str]:
    return {name.upper(): getattr(settings, name).get_secret_value() for name in _S3_KEYS}
