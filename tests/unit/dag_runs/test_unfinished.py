"""Who cannot ask Airflow is told how to find out, and which command then frees the data."""

import pytest

from readmission.dag_runs.unfinished import asking
from readmission.errors import InUseError


def test_nobody_to_ask_is_told_in_one_line_with_what_to_do() -> None:
    with pytest.raises(InUseError) as caught:
        asking("http://127.0.0.1:9", "admin", "no password")("entrenar_modelo", "manual__1")
    told = str(caught.value)
    assert told.startswith(
        "the run manual__1 of the DAG entrenar_modelo uses the prepared set, and Airflow does not say"
    )
    assert "Airflow at http://127.0.0.1:9 does not answer" in told
    assert "once it has ended, `readmission unlock --force` frees the data" in told
    assert "A shell in a container cannot ask Airflow" in told and "\n" not in told
