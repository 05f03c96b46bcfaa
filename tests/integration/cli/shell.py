"""A shell that commands of `readmission` are run in, with settings of the test's own."""

import pytest
from typer.testing import CliRunner

from connections.settings import Settings, get_settings
from readmission.cli import app


class Shell:
    """Runs commands with the environment that gives them these settings."""

    def __init__(self, settings: Settings, patch: pytest.MonkeyPatch) -> None:
        self.settings = settings
        for name, value in environment(settings).items():
            patch.setenv(name, value)
        # Commands set these for their whole process, which here is the test's.
        for name in ("RETRIES", "TIMEOUT"):
            patch.setenv(f"MLFLOW_HTTP_REQUEST_{'MAX_' if name == 'RETRIES' else ''}{name}", "5")
        patch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        get_settings.cache_clear()

    def run(self, *arguments: str, code: int = 0) -> str:
        """What a command prints, on one line."""
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == code, result.output
        return " ".join(result.output.split())


def environment(settings: Settings) -> dict[str, str]:
    """Settings as environment variables, the addresses that follow from ports included."""
    return settings.as_environment("mlflow_admin_password", "mlflow_pipeline_password", "model_signing_key") | {
        "MLFLOW_TRACKING_URI": settings.tracking_uri,
        "COLUMNS": "200",
    }
