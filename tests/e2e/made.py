"""Makes a platform in Docker of its own: a settings file as `make env` writes it, free ports, images, containers."""

from pathlib import Path
from time import monotonic

from readmission.local.ports import is_free
from scripts.env_file import filled
from tests.e2e.stack import ROOT, Stack
from tests.outside import store_image
from tests.outside.dataset import put
from tests.outside.figures import Figures
from tests.outside.platform import REVISION

PORTS = ("AIRFLOW_PORT", "API_PORT", "FORM_PORT", "MLFLOW_PORT", "S3_PORT", "MINIO_CONSOLE_PORT", "MYSQL_PORT")
FIRST_PORT = 23_100


def prepared(project: str, folder: Path, figures: Figures, others: tuple[Path, ...] = ()) -> Stack:
    """A project that is not started yet, with the data set where a person would put it; `others` are Compose files."""
    data, env = folder / "data", folder / "env"
    data.mkdir(exist_ok=True)
    if not env.exists():
        own = {"COMPOSE_PROJECT_NAME": project, "DATASET_DIR": str(data), "GIT_REVISION": REVISION}
        own |= _ports()
        put(data)
        secrets = filled((ROOT / ".env.example").read_text(encoding="utf-8"))
        env.write_text(secrets + "".join(f"{name}={value}\n" for name, value in own.items()), encoding="utf-8")
    stack = Stack(project, env, data, others)
    if tag := store_image.built_here(figures):
        stack.set("MINIO_IMAGE", tag)
    return stack


def built_and_started(stack: Stack, figures: Figures) -> None:
    """Builds the images and starts everything, and measures both."""
    begun = monotonic()
    stack.compose("build", timeout=1500)
    figures["build_seconds"] = round(monotonic() - begun, 1)
    begun = monotonic()
    stack.up()
    figures["built_to_healthy_seconds"] = round(monotonic() - begun, 1)
    figures["memory_when_healthy_mb"] = stack.memory_mb()


def _ports() -> dict[str, str]:
    free = (number for number in range(FIRST_PORT, FIRST_PORT + 500) if is_free(number))
    return {name: str(next(free)) for name in PORTS}
