"""What `make run-pipeline CONF=…` refuses before it asks anybody."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("conf", "said"),
    [
        ("{", "argument --conf: no JSON (Expecting property name enclosed in double quotes"),
        ("[1]", "--conf is no JSON object of params by DAG"),
        ('{"entrenar_modelo": 40}', "--conf is no JSON object of params by DAG"),
        ('{"train": {}}', "--conf names train; the DAGs are crear_bases_si_no_existen, cargar_datos, "),
    ],
)
def test_a_wrong_param_is_one_line(conf: str, said: str) -> None:
    command = (sys.executable, str(ROOT / "compose/run_pipeline.py"), "--conf", conf)
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    assert done.returncode == 2
    assert said in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr
