"""Checks that a service does its job, not merely that its port is open. They read, and change nothing."""

import httpx

_ANSWER_SECONDS = 5.0
# Made once: to read the machine's authorities takes longer than to ask, and a service that starts is asked often.
_TLS = httpx.create_ssl_context(trust_env=False)


def answers(url: str, login: tuple[str, str] | None = None) -> bool:
    """Whether a GET of `url` is answered with success, to who logs in with a name and a password."""
    try:
        return httpx.get(url, auth=login, timeout=_ANSWER_SECONDS, verify=_TLS, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def airflow_component_healthy(airflow: str, component: str) -> bool:
    """Whether Airflow's monitor sees a heartbeat of one of its components (`scheduler`, `dag_processor`, ...)."""
    try:
        answer = httpx.get(f"{airflow}/api/v2/monitor/health", timeout=_ANSWER_SECONDS, verify=_TLS, trust_env=False)
        return bool(answer.json()[component]["status"] == "healthy")
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return False
