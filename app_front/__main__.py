"""Shows the form: `python -m app_front [--host ADDRESS] [--port PORT]`."""

import logging
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from starlette.middleware import Middleware
from streamlit.web.server.starlette import App

from app_front.door import Door
from connections.failures import keep_values_out
from connections.settings import Settings, settings_or_exit

SCRIPT = Path(__file__).with_name("app.py")


def main() -> None:
    """Runs until it is told to end."""
    parser = ArgumentParser(prog="python -m app_front", description="The ward's form.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--published-on", help="the address at which others reach it, where that is not --host")
    asked = parser.parse_args()
    settings = settings_or_exit()
    if wrong := settings.form_problems(asked.published_on or asked.host):
        raise SystemExit("\n".join(wrong))
    keep_values_out()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel("WARNING")
    server = {"server.address": asked.host, "server.port": asked.port}
    # Unless it is told, it asks a site on the internet for the address that it writes into its log.
    application(settings).run(config={**server, "browser.serverAddress": settings.shown_host})


def application(settings: Settings) -> App:
    """The form behind its door."""
    door = Middleware(Door, names=settings.names)
    return App(
        SCRIPT, secrets={"auth": _provider(settings)} if settings.form_auth == "oidc" else None, middleware=[door]
    )


def _provider(settings: Settings) -> dict[str, Any]:
    """What Streamlit's own log-in is told, in memory alone: a file of secrets would have to be kept from others."""
    return {
        "redirect_uri": f"{settings.form_pages}/oauth2callback",
        "cookie_secret": settings.form_cookie_secret.get_secret_value(),
        "client_id": settings.form_oidc_client_id,
        "client_secret": settings.form_oidc_client_secret and settings.form_oidc_client_secret.get_secret_value(),
        "server_metadata_url": settings.form_oidc_metadata_url,
        # Who comes back after a session's end proves anew who they are: the browser may be another person's by then.
        "client_kwargs": {"scope": "openid email", "prompt": "login", "code_challenge_method": "S256"},
    }


if __name__ == "__main__":
    main()
