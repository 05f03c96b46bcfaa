"""What hangs is ended by its own health check and started again by Docker, without anybody's help."""

from functools import partial

import pytest

from tests.conftest import Poll
from tests.e2e.stack import Stack

# Who is asked itself: the other parts of Airflow are silent when the API server has missed their heartbeat for a while.
FROZEN = ("mysql", "redis", "postgres", "minio", "api", "front", "mlflow", "airflow-apiserver")
AGAIN_SECONDS = 180.0
# Five minutes and one more have passed since it answered: nobody waits for them.
LONG_AGO = "read -r _ asked < /tmp/health && echo $((asked - 361)) $asked > /tmp/health"


@pytest.mark.usefixtures("pipeline")
def test_what_hangs_is_started_again(stack: Stack, poll: Poll) -> None:
    before = {name: _restarts(stack, name) for name in FROZEN}
    for name in FROZEN:
        stack.freeze(name)
    for name in FROZEN:
        stack.compose("exec", "-T", name, "sh", "-c", LONG_AGO)
    poll(lambda: all(_restarts(stack, name) > before[name] for name in FROZEN), AGAIN_SECONDS, every=1)
    for name in FROZEN:
        poll(partial(stack.healthy, name), AGAIN_SECONDS, every=1)
        assert "health check: no answer for" in stack.compose("logs", "--since", "10m", name), name
    poll(lambda: stack.ask("/health/ready").is_success, AGAIN_SECONDS, every=1)


def _restarts(stack: Stack, name: str) -> int:
    return int(stack.container(name)["RestartCount"])
