"""Who is let in at the form, and for how long."""

from typing import Literal

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from connections import setting_rules

# What the form alone is given of the secrets.
FORM_SECRETS = ("form_api_key", "form_password", "form_cookie_secret", "form_oidc_client_secret")


class FormSettings(BaseSettings):
    """The part of the settings that is about the form's own log-in."""

    form_api_key: SecretStr = SecretStr("")
    form_auth: Literal["password", "oidc", "off"] = "password"
    form_password: SecretStr = SecretStr("")
    form_session_minutes: float = 30.0
    form_session_hours: float = 12.0
    # The form's address as browsers see it, where a proxy stands before it.
    form_public_url: str | None = None

    form_oidc_metadata_url: str | None = None
    form_oidc_client_id: str | None = None
    form_oidc_client_secret: SecretStr | None = None
    form_oidc_allowed: str = ""
    form_cookie_secret: SecretStr = SecretStr("")

    def form_problems(self, listens_on: str) -> list[str]:
        """What keeps the form from being shown there, one line each."""
        given = {name.upper(): getattr(self, name) for name in FormSettings.model_fields}
        plain = {name: v.get_secret_value() if isinstance(v, SecretStr) else str(v or "") for name, v in given.items()}
        return setting_rules.without_login({"FORM_AUTH": self.form_auth}, listens_on) + setting_rules.missing_of_login(
            plain
        )
