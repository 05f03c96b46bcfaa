"""What a cluster is given: pods that Pod Security lets in, and networks that keep others out."""

import json

import pytest

from k8s.commands.kubectl import ClusterError, kubectl, objects
from k8s.commands.workloads import workloads
from tests.conftest import Poll
from tests.e2e_k8s.cluster import service_image
from tests.e2e_k8s.pods import Pod, pod, running

pytestmark = pytest.mark.usefixtures("cluster")

SERVERS = {"mysql": 3306, "minio": 9000}
_REACHES = """
import json, socket, sys
reached = {}
for name, port in json.loads(sys.argv[1]).items():
    try:
        socket.create_connection((name, port), 3).close()
        reached[name] = True
    except OSError:
        reached[name] = False
print(json.dumps(reached))
"""


def test_every_workload_is_ready_after_the_start() -> None:
    found = {one.name for one in workloads() if one.is_ready}
    assert found >= {"api", "front", "mlflow", "mysql", "minio", "postgres", "bucket"}
    assert found >= {f"airflow-{part}" for part in ("apiserver", "scheduler", "dag-processor", "triggerer")}


@pytest.mark.parametrize(
    ("where", "what", "named"),
    [
        ("pod", {"hostNetwork": True}, "host namespaces"),
        ("pod", {"securityContext": {}}, "runAsNonRoot"),
        ("pod", {"volumes": [{"name": "scratch", "hostPath": {"path": "/"}}]}, "hostPath"),
        ("container", {"securityContext": {}}, "allowPrivilegeEscalation"),
    ],
)
def test_a_pod_that_breaks_pod_security_is_refused(where: str, what: dict[str, object], named: str) -> None:
    offered = _sleeping("offered", {})
    assert "created" in _offered(offered)
    (offered["spec"] if where == "pod" else offered["spec"]["containers"][0]).update(what)
    with pytest.raises(ClusterError, match=f'violates PodSecurity "restricted:latest": .*{named}'):
        _offered(offered)


def test_a_pod_without_the_label_reaches_neither_mysql_nor_the_object_store(poll: Poll) -> None:
    member = _sleeping("member", {"network/pipeline": "member", "network/store": "member"})
    stranger = _sleeping("stranger", {"network/web": "member"})
    with running(member) as inside, running(stranger) as other:
        poll(lambda: _reached(inside) == {"mysql": True, "minio": True}, deadline=30, every=1)
        poll(lambda: _reached(other) == {"mysql": False, "minio": False}, deadline=30, every=1)
        assert _reached(other) == {"mysql": False, "minio": False}


def test_only_airflows_scheduler_holds_a_token_of_the_cluster() -> None:
    tokens = set()
    for found in objects("pods"):
        mounts = [mount for container in found["spec"]["containers"] for mount in container.get("volumeMounts", ())]
        if any("serviceaccount" in mount["mountPath"] for mount in mounts):
            tokens.add(found["metadata"]["labels"]["app.kubernetes.io/name"])
    assert tokens == {"airflow-scheduler"}


def _sleeping(name: str, labels: dict[str, str]) -> Pod:
    return pod(name, service_image(), ["python", "-c", "import signal; signal.pause()"], labels)


def _offered(wanted: Pod) -> str:
    return kubectl("create", "--dry-run=server", "--filename=-", given=json.dumps(wanted))


def _reached(name: str) -> dict[str, bool]:
    said = kubectl("exec", name, "--", "python", "-c", _REACHES, json.dumps(SERVERS))
    return dict(json.loads(said))
