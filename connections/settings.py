"""Every setting of the platform, typed, read from the environment and `.env`. Nothing else reads the environment."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

PLACEHOLDER = "changethis"
UCI_ARCHIVE = "https://archive.ics.uci.edu/static/public/296/diabetes+130-us+hospitals+for+years+1999-2008.zip"

SYNTHETIC = "synthetic"


def _not_placeholder(secret: SecretStr) -> SecretStr:
    if PLACEHOLDER in secret.get_secret_value():
        raise ValueError(f"still holds the placeholder {PLACEHOLDER!r}; run `make env` to generate secrets")
    return secret


Secret = Annotated[SecretStr, AfterValidator(_not_placeholder)]
NO_SECRET = SecretStr("")


# What a process needs of the machine it runs on, whatever its settings are.
_OF_THE_MACHINE = (
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR",
    "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE",
    "COVERAGE_PROCESS_CONFIG",    # set while `make coverage` measures, so that it sees what the platform starts
)  # fmt: skip

# ONNX Runtime (since 1.29) and MLflow report to their makers unless they are told not to before they are imported.
NO_TELEMETRY = {"ORT_DISABLE_TELEMETRY": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}


def stop_telemetry() -> None:
    """Keeps the libraries that this process is about to import from reporting to their makers."""
    os.environ.update(NO_TELEMETRY)


def machine_environment() -> dict[str, str]:
    """The part of this process's environment that any process on this machine needs; loopback goes past proxies."""
    found = {name: os.environ[name] for name in _OF_THE_MACHINE if name in os.environ}
    past_proxies = ",".join(
        filter(None, ("127.0.0.1,localhost", os.environ.get("NO_PROXY"), os.environ.get("no_proxy")))
    )
    return found | {"NO_PROXY": past_proxies, "no_proxy": past_proxies} | NO_TELEMETRY


def _is_path(source: str) -> bool:
    return "://" not in source and source != SYNTHETIC


class Settings(BaseSettings):
    """The platform's settings. `.env.example` documents each; a test keeps the two the same."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    # Addresses. Each port is moved by its own setting and all of them by PORT_OFFSET.
    bind_address: str = "127.0.0.1"
    port_offset: int = Field(default=0, ge=0, le=50_000)
    airflow_port: int = 8080
    api_port: int = 8000
    form_port: int = 8501
    mlflow_port: int = 8084

    # Data.
    dataset_source: str = UCI_ARCHIVE
    dataset_path: Path = Path("data/Diabetes/Diabetes.csv")
    dataset_sha256: str | None = None
    dataset_fetch_seconds: float = Field(default=600, gt=0)
    synthetic_rows: int = Field(default=30_000, ge=1_000)
    # Of the rows that are there: a load of fewer is refused unless it is allowed to shrink them.
    least_load_share: float = Field(default=0.5, ge=0, le=1)

    # Stores. DATABASE_URL names a MySQL server, or with sqlite:/// a folder of SQLite files.
    state_dir: Path = Path("var")
    database_url: Secret | None = None
    mlflow_tracking_uri: str | None = None
    # In Docker, MLflow keeps artifacts in an object store, and the bucket job makes its bucket.
    mlflow_s3_endpoint_url: str = "http://minio:9000"
    aws_access_key_id: Secret = NO_SECRET
    aws_secret_access_key: Secret = NO_SECRET
    aws_default_region: str = "us-east-1"
    bucket: str = "mlflows3"

    # Training.
    experiment: str = "readmission"
    training_jobs: int = Field(default=1, ge=1, description="cores one training task may use")
    git_revision: str | None = None

    # Serving.
    model_name: str = "mejor_modelo_diabetes"
    model_alias: str = "production"
    model_poll_seconds: float = Field(default=10.0, gt=0)
    api_url: str | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    # Airflow's accounts and keys.
    airflow_admin_user: str = "admin"
    airflow_admin_password: Secret = NO_SECRET
    airflow_jwt_secret: Secret = NO_SECRET
    airflow_fernet_key: Secret = NO_SECRET
    airflow_secret_key: Secret = NO_SECRET

    def as_environment(self, *secrets: str) -> dict[str, str]:
        """The environment that gives another process these settings, with no secrets but the named ones.

        Paths are made absolute, since the other process may run in another folder.
        """
        shared: dict[str, str] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr):
                value = value.get_secret_value() if name in secrets else ""
            if isinstance(value, Path) or (name == "dataset_source" and _is_path(value)):
                value = Path(value).resolve()
            if value is not None and value != "":
                shared[name.upper()] = str(value)
        return shared

    def port(self, name: Literal["airflow", "api", "form", "mlflow"]) -> int:
        """The port a service listens on, offset included."""
        base: int = getattr(self, f"{name}_port")
        return base + self.port_offset

    def url(self, name: Literal["airflow", "api", "form", "mlflow"]) -> str:
        """The address of a service on this machine."""
        return f"http://{self.bind_address}:{self.port(name)}"

    @property
    def tracking_uri(self) -> str:
        """MLflow's address."""
        return self.mlflow_tracking_uri or self.url("mlflow")

    @property
    def prediction_api(self) -> str:
        """The address at which the form finds the prediction service."""
        return (self.api_url or self.url("api")).rstrip("/")

    @property
    def database_server(self) -> str:
        """The database server's URL; SQLite files under the state folder unless DATABASE_URL says otherwise."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.state_dir.resolve() / 'databases'}"


@lru_cache
def get_settings() -> Settings:
    """The process's settings, read once."""
    return Settings()
