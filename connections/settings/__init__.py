"""Every setting of the platform, read from the environment and `.env`. Nothing else reads the environment."""

from connections.settings.addresses import Port
from connections.settings.form import FORM_SECRETS, FormSettings
from connections.settings.model import UCI_ARCHIVE, MLflowAccount, Settings
from connections.settings.places import ENV_FILE, SYNTHETIC, home
from connections.settings.process import machine_environment, prepare_process
from connections.settings.reading import SettingsError, get_settings, settings_in_file, settings_or_exit

__all__ = [
    "ENV_FILE",
    "FORM_SECRETS",
    "SYNTHETIC",
    "UCI_ARCHIVE",
    "FormSettings",
    "MLflowAccount",
    "Port",
    "Settings",
    "SettingsError",
    "get_settings",
    "home",
    "machine_environment",
    "prepare_process",
    "settings_in_file",
    "settings_or_exit",
]
