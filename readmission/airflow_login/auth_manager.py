"""Airflow's auth manager with accounts of people, in which tokens are throttled too."""

from typing import Any

from airflow.configuration import conf
from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager
from starlette.middleware import _MiddlewareFactory

from readmission.airflow_login.redirects import RelativeRedirects
from readmission.airflow_login.throttled import ThrottledTokens


class ThrottledAuthManager(FabAuthManager):
    """FAB's, whose log-in page has its own limit; `AIRFLOW__CORE__AUTH_MANAGER` names it."""

    def get_fastapi_middlewares(self) -> list[tuple[_MiddlewareFactory[Any], dict[str, Any]]]:
        """What stands before Airflow's API."""
        base_url = conf.get_mandatory_value("api", "base_url")
        theirs = super().get_fastapi_middlewares()
        return [*theirs, (ThrottledTokens, {}), (RelativeRedirects, {"base_url": base_url})]
