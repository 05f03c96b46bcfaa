"""The process's settings, read once, and what is said of those that are wrong."""

import os
from functools import lru_cache

from pydantic import ValidationError

from connections import proxies, settings_file
from connections.settings.model import Settings
from connections.settings.places import env_file


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
        return settings_file.assigned(file) if file is not None and file.exists() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} cannot be read: {error}") from error


def _line(name: str, message: str, assigned: dict[str, str]) -> str:
    text = message.removeprefix("Value error, ")
    return settings_file.line(name.upper(), text, os.environ, assigned) if name else text
