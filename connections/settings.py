"""Every setting of the platform, typed, read from the environment and `.env`. Nothing else reads the environment."""

import os
import pwd
import tempfile
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from connections import addresses, proxies, setting_rules

UCI_ARCHIVE = "https://archive.ics.uci.edu/static/public/296/diabetes+130-us+hospitals+for+years+1999-2008.zip"

SYNTHETIC = "synthetic"


NO_SECRET = SecretStr("")

# Names the file of settings; empty: none is read, for what is given all that it needs in its environment.
ENV_FILE = "READMISSION_ENV_FILE"

# What a process needs of the machine it runs on, whatever its settings are.
_OF_THE_MACHINE = (
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR",
    "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE",
    "COVERAGE_PROCESS_CONFIG",    # set while `make coverage` measures, so that it sees what the platform starts
)  # fmt: skip

# ONNX Runtime (since 1.29) and MLflow report to their makers unless they are told not to before they are imported.
NO_TELEMETRY = {"ORT_DISABLE_TELEMETRY": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}


def prepare_process() -> None:
    """Keeps the libraries that this process is about to import from reporting to their makers, and from asking for the
    name and home of a user who has none."""
    os.environ.update(NO_TELEMETRY | _nameless_user())


def _nameless_user() -> dict[str, str]:
    """What libraries ask the system for, where the user is a number without a name, as in a container."""
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        name = os.environ.get("USER") or f"uid-{os.getuid()}"
        home = os.environ.get("HOME") or tempfile.gettempdir()
        return {"HOME": home, "USER": name, "LOGNAME": name}
    return {}


def machine_environment(own_hosts: Iterable[str] = ()) -> dict[str, str]:
    """The part of this process's environment that any process on this machine needs.

    Its calls to loopback and to `own_hosts` go past proxies.
    """
    found = {name: os.environ[name] for name in _OF_THE_MACHINE if name in os.environ}
    return found | proxies.past_proxies(own_hosts) | {ENV_FILE: ""} | NO_TELEMETRY | _nameless_user()


def _is_path(source: str) -> bool:
    return "://" not in source and source != SYNTHETIC


def _host_of(url: str | None) -> str | None:
    try:
        return urlsplit(url or "").hostname
    except ValueError:
        return None


def _as_list(names: str) -> str:
    return ",".join(addresses.host_names(names))


Port = Literal["airflow", "api", "form", "mlflow"]


def home() -> Path:
    """The clone that this code lies in, whatever the current folder is; in an image the current folder."""
    clone = Path(__file__).parents[1]
    return clone if (clone / ".env.example").is_file() else Path.cwd()


def env_file() -> Path | None:
    """The file of settings: `.env` of the clone, unless the environment names another, or with an empty name none."""
    named = os.environ.get(ENV_FILE)
    if named is None:
        return home() / ".env"
    return Path(named) if named else None


class _Environment(EnvSettingsSource):
    """The environment, in which a path is seen from the current folder, as a shell's paths are."""

    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = super().__call__()
        return {
            name: str(Path(value).expanduser().absolute()) if name in _PATHS and _is_path(value) else value
            for name, value in found.items()
        }


_PATHS = ("state_dir", "dataset_path", "dataset_source")


class Settings(BaseSettings):
    """The platform's settings. `.env.example` documents each; a test keeps the two the same.

    A path is seen from the clone, but for one in the environment. `setting_rules` says what each may hold.
    """

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    # Addresses. Each port is moved by its own setting and all of them by PORT_OFFSET.
    bind_address: Annotated[str, AfterValidator(addresses.bare)] = "127.0.0.1"
    public_host: Annotated[str, AfterValidator(addresses.host_name)] | None = None
    other_hosts: Annotated[str, AfterValidator(_as_list)] = ""
    port_offset: int = 0
    airflow_port: int = 8080
    api_port: int = 8000
    form_port: int = 8501
    mlflow_port: int = 8084

    # Data.
    dataset_source: str = UCI_ARCHIVE
    dataset_path: Path = Path("data/Diabetes/Diabetes.csv")
    dataset_sha256: str | None = None
    dataset_fetch_seconds: float = 600
    synthetic_rows: int = 30_000
    # Of the rows that are there: a load of fewer is refused unless it is allowed to shrink them.
    least_load_share: float = 0.5

    # Stores. DATABASE_URL names a MySQL server, or with sqlite:/// a folder of SQLite files.
    state_dir: Path = Path("var")
    database_url: SecretStr | None = None
    mlflow_tracking_uri: str | None = None
    # In Docker, MLflow keeps artifacts in an object store, and the bucket job makes its bucket.
    mlflow_s3_endpoint_url: str = "http://minio:9000"
    aws_access_key_id: SecretStr = NO_SECRET
    aws_secret_access_key: SecretStr = NO_SECRET
    aws_default_region: str = "us-east-1"
    bucket: str = "mlflows3"

    # Training.
    experiment: str = "readmission"
    training_jobs: int = Field(default=1, description="cores one training task may use")
    git_revision: str | None = None

    # Serving.
    model_name: str = "mejor_modelo_diabetes"
    model_alias: str = "production"
    model_poll_seconds: float = 10.0
    api_url: str | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    # Airflow's accounts and keys.
    airflow_admin_user: str = "admin"
    airflow_admin_password: SecretStr = NO_SECRET
    airflow_jwt_secret: SecretStr = NO_SECRET
    airflow_fernet_key: SecretStr = NO_SECRET
    airflow_secret_key: SecretStr = NO_SECRET

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What wins over what: arguments, the environment, the file."""
        return init_settings, _Environment(settings_cls), dotenv_settings

    @field_validator("*", mode="before")
    @classmethod
    def _keeps_to_its_rule(cls, value: Any, info: ValidationInfo) -> Any:
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        wrong = setting_rules.problem(str(info.field_name).upper(), str(plain)) if plain not in (None, "") else None
        if wrong:
            raise ValueError(wrong)
        return setting_rules.log_level(value) if info.field_name == "log_level" else value

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        for name in _PATHS:
            value = getattr(self, name)
            if isinstance(value, Path) or _is_path(value):
                setattr(self, name, type(value)(home() / Path(value).expanduser()))
        ports = {name: str(getattr(self, name.lower())) for name in (*setting_rules.EMBEDDED_PORTS, "PORT_OFFSET")}
        if wrong := setting_rules.conflicts(ports):
            raise ValueError("\n".join(wrong))
        return self

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
    def prediction_api(self) -> str:
        """The address at which the form finds the prediction service."""
        return (self.api_url or self.url("api")).rstrip("/")

    @property
    def database_server(self) -> str:
        """The database server's URL; SQLite files under the state folder unless DATABASE_URL says otherwise."""
        if self.database_url is not None:
            url = self.database_url.get_secret_value()
            return url.replace("mysql://", "mysql+pymysql://", 1) if url.startswith("mysql://") else url
        return f"sqlite:///{self.state_dir.resolve() / 'databases'}"


class SettingsError(Exception):
    """A setting is not what it may be: a line each, which says its name, where it is set, and what is allowed."""


@lru_cache
def get_settings() -> Settings:
    """The process's settings, read once; from then on its calls to the platform's own hosts go past proxies.

    Raises:
        SettingsError: one is not what it may be, or the file cannot be read.
    """
    file, assigned = env_file(), settings_in_file()
    try:
        settings = Settings(_env_file=file)
    except ValidationError as error:
        told = (_line(str(one["loc"][0]) if one["loc"] else "", one["msg"], assigned) for one in error.errors())
        raise SettingsError("\n".join(told)) from None
    os.environ.update(proxies.past_proxies(settings.own_hosts))
    return settings


def settings_or_exit() -> Settings:
    """The process's settings; where one is wrong the process ends, with a line about each and no traceback."""
    try:
        return get_settings()
    except SettingsError as error:
        raise SystemExit(str(error)) from None


def settings_in_file() -> dict[str, str]:
    """What the file of settings assigns, as texts.

    Raises:
        SettingsError: it cannot be read.
    """
    file = env_file()
    try:
        return setting_rules.assigned(file) if file is not None and file.exists() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} cannot be read: {error}") from error


def _line(name: str, message: str, assigned: dict[str, str]) -> str:
    text = message.removeprefix("Value error, ")
    return setting_rules.line(name.upper(), text, os.environ, assigned) if name else text
