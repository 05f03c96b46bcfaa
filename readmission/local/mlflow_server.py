"""MLflow's server: runs and registry in an SQLite file, and the models' files in a folder that it alone touches."""

from connections.addresses import mlflow_protection
from connections.settings import Settings, machine_environment
from readmission.local.health import answers
from readmission.local.service import Folders, Port, Service, program


def mlflow(settings: Settings) -> Service:
    """The server. It proxies artifacts: its clients know its address and nothing of where the files are."""
    folder = Folders.of(settings).of_service("mlflow")
    port = settings.port("mlflow")
    return Service(
        name="mlflow",
        command=(
            program("mlflow"),
            "server",
            f"--host={settings.bind_address}",
            f"--port={port}",
            "--workers=1",
            f"--backend-store-uri=sqlite:///{folder / 'mlflow.db'}",
            "--serve-artifacts",
            f"--artifacts-destination={folder / 'artifacts'}",
        ),
        environment=machine_environment(settings.own_hosts)
        | mlflow_protection(settings.names, (port,))
        | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"},
        folder=folder,
        log=Folders.of(settings).logs / "mlflow.log",
        # Unlike /health, this passes the check of the Host header and reads the database.
        healthy=lambda: answers(f"{settings.url('mlflow')}/api/2.0/mlflow/experiments/search?max_results=1"),
        port=Port(port, "MLFLOW_PORT"),
        address=settings.public_url("mlflow"),
    )
