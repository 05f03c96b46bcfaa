"""The services that clinicians meet: the prediction API and the form."""

from connections.settings import FORM_SECRETS, FormSettings, Settings, machine_environment
from readmission.clock import epoch, now
from readmission.keeping.daily import ALIVE, LOOK_SECONDS
from readmission.local.health import answers
from readmission.local.mlflow_server import mlflow_client
from readmission.local.service import Folders, Port, Service, program

# What the form reads of the settings.
_OF_THE_FORM = {name.upper() for name in FormSettings.model_fields} | {
    "BIND_ADDRESS", "PUBLIC_HOST", "OTHER_HOSTS", "FORM_PORT", "PORT_OFFSET", "LOG_LEVEL",
}  # fmt: skip


def api(settings: Settings) -> Service:
    """The prediction service. Alive is enough: without a model yet it works, and says so."""
    return Service(
        name="api",
        command=(
            program("python"),
            "-m",
            "app_back",
            f"--host={settings.bind_address}",
            f"--port={settings.port('api')}",
        ),
        environment=machine_environment(settings.own_hosts)
        | settings.as_environment("database_url", "forget_key")
        | mlflow_client(settings, "api"),
        folder=Folders.of(settings).of_service("api"),
        log=Folders.of(settings).logs / "api.log",
        healthy=lambda: answers(f"{settings.url('api')}/health/live"),
        port=Port(settings.port("api"), "API_PORT"),
        address=settings.public_url("api"),
    )


def keeper(settings: Settings) -> Service:
    """What deletes predictions that are too old; it shows each ten minutes that it lives."""
    alive = settings.state_dir / ALIVE
    return Service(
        name="keeper",
        command=(program("readmission"), "retention", "--every-day"),
        environment=machine_environment(settings.own_hosts) | settings.as_environment("database_url", "forget_key"),
        folder=Folders.of(settings).of_service("keeper"),
        log=Folders.of(settings).logs / "keeper.log",
        healthy=lambda: alive.is_file() and epoch(now()) - alive.stat().st_mtime < 2 * LOOK_SECONDS,
    )


def backups(settings: Settings) -> tuple[Service, ...]:
    """What makes backups by itself, where that is asked for."""
    if not settings.backup_every_hours:
        return ()
    alive = settings.state_dir / "backup/alive"
    secrets = ("database_url", "forget_key", "airflow_fernet_key", "model_signing_key")
    service = Service(
        name="backup",
        command=(program("python"), "-m", "readmission.local", "scheduled-backups"),
        environment=machine_environment(settings.own_hosts) | settings.as_environment(*secrets),
        folder=Folders.of(settings).of_service("backup"),
        log=Folders.of(settings).logs / "backup.log",
        healthy=lambda: alive.is_file() and epoch(now()) - alive.stat().st_mtime < 2 * LOOK_SECONDS,
    )
    return (service,)


def form(settings: Settings) -> Service:
    """The form. It knows the prediction service's address, its own key for it, who is let in, and nothing else."""
    return Service(
        name="form",
        command=(
            program("python"),
            "-m",
            "app_front",
            f"--host={settings.bind_address}",
            f"--port={settings.port('form')}",
        ),
        environment=machine_environment(settings.own_hosts)
        | {"API_URL": settings.prediction_api}
        | {name: value for name, value in settings.as_environment(*FORM_SECRETS).items() if name in _OF_THE_FORM},
        folder=Folders.of(settings).of_service("form"),
        log=Folders.of(settings).logs / "form.log",
        healthy=lambda: answers(f"{settings.url('form')}/_stcore/health"),
        port=Port(settings.port("form"), "FORM_PORT"),
        address=settings.public_url("form"),
    )
