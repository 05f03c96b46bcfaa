"""Every setting of the platform, typed."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from connections import setting_rules
from connections.api_keys import FILE_NAME
from connections.settings.addresses import Addresses
from connections.settings.form import FormSettings
from connections.settings.places import PATHS, Environment, home, is_path

UCI_ARCHIVE = "https://archive.ics.uci.edu/static/public/296/diabetes+130-us+hospitals+for+years+1999-2008.zip"

NO_SECRET = SecretStr("")
MLflowAccount = Literal["admin", "pipeline", "api"]


class Settings(Addresses, FormSettings):
    """The platform's settings. `.env.example` documents each; a test keeps the two the same.

    A path is seen from the clone, but for one in the environment. `setting_rules` says what each may hold.
    """

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

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
    # In Docker, MLflow keeps artifacts in an object store, and the bucket job makes its bucket.
    aws_access_key_id: SecretStr = NO_SECRET
    aws_secret_access_key: SecretStr = NO_SECRET
    aws_default_region: str = "us-east-1"
    bucket: str = "mlflows3"

    # Where backups are written.
    backups: Path = Path("backups")
    # 0: none is made by itself.
    backup_every_hours: int = 0
    backup_keep: int = 7
    backup_passphrase_file: Path | None = None
    # What `make prune` leaves.
    prune_keep_trainings: int = 10
    prune_after_days: int = 30

    # How long a logged prediction is kept, and what the record of those that were deleted is written with.
    retention_days: int = 400
    forget_key: SecretStr = NO_SECRET

    # Training.
    experiment: str = "readmission"
    training_jobs: int = Field(default=1, description="cores one training task may use")
    git_revision: str | None = None

    # Serving.
    model_name: str = "mejor_modelo_diabetes"
    model_alias: str = "production"
    # Scored beside the version that answers, and logged; empty: none is.
    shadow_alias: str = ""
    model_poll_seconds: float = 2.0
    # What vouches for a model: the private key is the pipeline's alone.
    model_signing_key: SecretStr = NO_SECRET
    model_public_keys: str = ""
    allow_external_promotion: bool = False
    api_workers: int = Field(default=1, description="processes that answer, each with a journal of its own")
    batch_seconds: float = 30.0
    queue_limit: int = Field(default=1_024, description="predictions that may wait for an answer")
    log_wait_seconds: float = 2.0
    journal_max_mb: int = 256
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    # MLflow's own accounts, which its server makes, and whom a client of it says that it is.
    mlflow_admin_password: SecretStr = NO_SECRET
    mlflow_pipeline_password: SecretStr = NO_SECRET
    mlflow_api_password: SecretStr = NO_SECRET
    mlflow_tracking_username: str | None = None
    mlflow_tracking_password: SecretStr | None = None
    # Who may ask the prediction service: whoever has a key of the file.
    api_auth: Literal["on", "off"] = "on"
    api_keys_file: Path | None = None
    api_key_requests_per_minute: int = 0

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
        return init_settings, Environment(settings_cls), dotenv_settings

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
        for name in PATHS:
            value = getattr(self, name)
            if value is not None and (isinstance(value, Path) or is_path(value)):
                setattr(self, name, type(value)(home() / Path(value).expanduser()))
        together = {name: str(getattr(self, name.lower())) for name in setting_rules.TOGETHER}
        if wrong := setting_rules.conflicts(together):
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
            if isinstance(value, Path) or (name == "dataset_source" and is_path(value)):
                value = Path(value).resolve()
            if value is not None and value != "":
                shared[name.upper()] = str(value)
        return shared

    def mlflow_login(self, account: MLflowAccount = "pipeline") -> tuple[str, str] | None:
        """The name and the password that MLflow is asked with: whom MLFLOW_TRACKING_USERNAME names, or else an account
        of the platform's, on whose own machine alone; None where there is neither."""
        if self.mlflow_tracking_username:
            return self.mlflow_tracking_username, (self.mlflow_tracking_password or NO_SECRET).get_secret_value()
        password = getattr(self, f"mlflow_{account}_password").get_secret_value()
        return (account, password) if password and self.mlflow_is_here else None

    @property
    def form_pages(self) -> str:
        """The form's address as browsers see it."""
        return (self.form_public_url or self.public_url("form")).rstrip("/")

    @property
    def keys_file(self) -> Path:
        """The file of API keys; under the state folder unless API_KEYS_FILE says otherwise."""
        return self.api_keys_file or self.state_dir / "keys" / FILE_NAME

    @property
    def database_server(self) -> str:
        """The database server's URL; SQLite files under the state folder unless DATABASE_URL says otherwise."""
        if self.database_url is not None:
            url = self.database_url.get_secret_value()
            return url.replace("mysql://", "mysql+pymysql://", 1) if url.startswith("mysql://") else url
        return f"sqlite:///{self.state_dir.resolve() / 'databases'}"
