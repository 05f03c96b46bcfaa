"""Where the running services were started: settings may say something else by the time that somebody asks."""

import json

from connections.settings import Settings
from readmission.local.service import Folders

_RECORD = "addresses.json"
_OF_AN_ADDRESS = ("_address", "_host", "_port", "_offset")


def record(settings: Settings, folders: Folders) -> None:
    """Keeps the settings that decide addresses beside what the supervisor runs."""
    names = [name for name in type(settings).model_fields if name.endswith(_OF_AN_ADDRESS)]
    known = settings.model_dump(mode="json", include=set(names))
    (folders.run / _RECORD).write_text(json.dumps(known), encoding="utf-8")


def as_started(settings: Settings) -> Settings:
    """The settings with the addresses at which the services were last started, if any were."""
    try:
        known = json.loads((Folders.of(settings).run / _RECORD).read_text(encoding="utf-8"))
        known = {name: value for name, value in known.items() if name in type(settings).model_fields}
    except (OSError, ValueError, AttributeError):
        return settings
    return settings.model_copy(update=known)
