"""A prediction from the model in production, logged, and the same one shown by the form; commands of the worker."""

import pytest

from readmission import __version__
from tests.e2e.stack import Stack
from tests.outside.serving import *  # noqa: F403 (each outside assertion, in its order)

pytestmark = pytest.mark.usefixtures("pipeline")


def test_the_commands_are_in_the_worker(stack: Stack) -> None:
    assert stack.compose("exec", "-T", "airflow-worker", "readmission", "--version") == f"readmission {__version__}\n"
    freed = stack.compose("exec", "-T", "airflow-worker", "readmission", "unlock", "--force")
    assert freed == "nothing was in use\n"
