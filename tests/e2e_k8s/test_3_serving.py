"""A prediction from the model in production, logged, and the same one shown by the form; a backup that holds it."""

import pytest

from k8s.commands.kubectl import kubectl
from tests.e2e_k8s.cluster import Cluster, service_image
from tests.e2e_k8s.pods import pod, said
from tests.outside.serving import *  # noqa: F403 (each outside assertion, in its order)
from tests.outside.serving import ORIGINAL, predict

pytestmark = pytest.mark.usefixtures("pipeline")

DATABASES = ("CLEAN_DATA", "RAW_DATA", "mlflow")
_DUMPS = """
import gzip, pathlib
for path in sorted(pathlib.Path("/backup").glob("*.sql.gz")):
    lines = gzip.open(path, "rt", errors="replace").read().splitlines()
    print(path.name, sum(line.startswith("CREATE TABLE") for line in lines), any("{id}" in line for line in lines),
          lines[-1].startswith("-- Dump completed"))
print("unfinished:", len(list(pathlib.Path("/backup").glob(".*.part*"))))
"""


def test_a_backup_leaves_whole_dumps_with_the_last_prediction(cluster: Cluster) -> None:
    prediction_id = predict(cluster, ORIGINAL)["prediction_id"]
    kubectl("delete", "job/backup-by-hand", "--ignore-not-found", "--wait")
    kubectl("create", "job", "backup-by-hand", "--from=cronjob/mysql-backup")
    kubectl("wait", "job/backup-by-hand", "--for=condition=Complete", "--timeout=180s", timeout=200)
    reader = pod(
        "backup-reader", service_image(), ["python", "-c", _DUMPS.replace("{id}", prediction_id)], {}, user=999
    )
    reader["spec"]["volumes"].append({"name": "backup", "persistentVolumeClaim": {"claimName": "mysql-backup"}})
    mounts = reader["spec"]["containers"][0]["volumeMounts"]
    mounts.append({"name": "backup", "mountPath": "/backup", "readOnly": True})
    *dumps, unfinished = (line.split() for line in said(reader).splitlines())
    kubectl("delete", "job/backup-by-hand", "--wait=false")
    newest = {name.removesuffix(".sql.gz").rpartition("-")[2]: rest for name, *rest in dumps}
    assert tuple(newest) == DATABASES
    assert all(int(tables) > 1 and whole == "True" for tables, _, whole in newest.values())
    assert {name for name, (_, holds, _) in newest.items() if holds == "True"} == {"RAW_DATA"}
    assert unfinished == ["unfinished:", "0"]
