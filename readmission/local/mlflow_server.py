"""MLflow's server: an SQLite file of runs and registry, one of accounts, and a folder of the models' files."""

from pathlib import Path

from connections.addresses import mlflow_protection
from connections.settings import MLflowAccount, Settings, machine_environment
from readmission.local.health import answers
from readmission.local.service import Folders, Port, Service, program

SERVE = Path(__file__).parents[2] / "mlflow" / "serve.py"


def mlflow(settings: Settings) -> Service:
    """The server. It proxies artifacts: its clients know its address and nothing of where the files are."""
    folder = Folders.of(settings).of_service("mlflow")
    port = settings.port("mlflow")
    return Service(
        name="mlflow",
        command=(program("python"), str(SERVE)),
        environment=machine_environment(settings.own_hosts)
        | mlflow_protection(settings.names, (port,))
        | {
            "MLFLOW_ADMIN_PASSWORD": settings.mlflow_admin_password.get_secret_value(),
            "MLFLOW_PIPELINE_PASSWORD": settings.mlflow_pipeline_password.get_secret_value(),
            "MLFLOW_API_PASSWORD": settings.mlflow_api_password.get_secret_value(),
            "MLFLOW_HOST": settings.bind_address,
            "MLFLOW_PORT": str(port),
            "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{folder / 'mlflow.db'}",
            "MLFLOW_ACCOUNTS_FILE": str(folder / "accounts.db"),
            "MLFLOW_ARTIFACTS_DESTINATION": str(folder / "artifacts"),
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        },
        folder=folder,
        log=Folders.of(settings).logs / "mlflow.log",
        # Unlike /health, this passes the login and the check of the Host header, and reads the database.
        healthy=lambda: _asks(settings),
        port=Port(port, "MLFLOW_PORT"),
        address=settings.public_url("mlflow"),
    )


def mlflow_client(settings: Settings, account: MLflowAccount) -> dict[str, str]:
    """What a process is given that asks MLflow: its address, and who the process is there."""
    name, password = settings.mlflow_login(account) or ("", "")
    given = {"MLFLOW_TRACKING_USERNAME": name, "MLFLOW_TRACKING_PASSWORD": password}
    return {"MLFLOW_TRACKING_URI": settings.tracking_uri} | {key: value for key, value in given.items() if value}


def _asks(settings: Settings) -> bool:
    """Whether it answers what the prediction service asks, to an account with no more rights than to read."""
    login = "api", settings.mlflow_api_password.get_secret_value()
    return answers(f"{settings.url('mlflow')}/api/2.0/mlflow/experiments/search?max_results=1", login)
