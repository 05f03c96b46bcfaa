"""Ends a container as a crash would: SIGKILL to its first process, from its node.

Nothing inside a container can kill its first process so; the kernel ignores it. A pod in the node's own process
namespace can, on any cluster that lets its administrator have one.
"""

import json

from k8s.commands.kubectl import kubectl
from tests.e2e_k8s.cluster import get, service_image

NAMESPACE = "readmission-crashes"
_IN_IT = f"--namespace={NAMESPACE}"
# Its first process is the one that is number 1 in there.
_SCRIPT = """
import os, signal, sys
from pathlib import Path
killed = []
for folder in Path("/proc").glob("[0-9]*"):
    try:
        inside = sys.argv[1] in (folder / "cgroup").read_text()
        numbers = next(line for line in (folder / "status").read_text().splitlines() if line.startswith("NSpid"))
    except OSError:
        continue
    if inside and numbers.split()[-1] == "1":
        os.kill(int(folder.name), signal.SIGKILL)
        killed.append(folder.name)
sys.exit(len(killed) != 1)
"""


def kill(pod: str) -> None:
    """Kills the first process of a pod's first container.

    Raises:
        ClusterError: it was not found, or the cluster allows no pod that could kill it.
    """
    found = get(f"pod/{pod}")
    container = found["status"]["containerStatuses"][0]["containerID"].rpartition("/")[2]
    _make_namespace()
    kubectl(_IN_IT, "delete", "pod/crash", "--ignore-not-found", "--wait")
    kubectl(_IN_IT, "create", "--filename=-", given=json.dumps(_killer(found["spec"]["nodeName"], container)))
    kubectl(_IN_IT, "wait", "pod/crash", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s")


def restarts(pod: str) -> int:
    """How often the first container of a pod was started again."""
    return int(get(f"pod/{pod}")["status"]["containerStatuses"][0]["restartCount"])


def is_ready(pod: str) -> bool:
    """Whether the first container of a pod answers its readiness probe."""
    return bool(get(f"pod/{pod}")["status"]["containerStatuses"][0]["ready"])


def remove() -> None:
    """Takes away what crashes needed."""
    kubectl("delete", f"namespace/{NAMESPACE}", "--ignore-not-found", "--wait=false")


def _make_namespace() -> None:
    labels = {"pod-security.kubernetes.io/enforce": "privileged"}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}
    kubectl(_IN_IT, "apply", "--filename=-", given=json.dumps(namespace))


def _killer(node: str, container: str) -> dict[str, object]:
    test = {
        "name": "crash",
        "image": service_image(),
        "command": ["python", "-c", _SCRIPT, container],
        "securityContext": {"runAsUser": 0, "runAsGroup": 0},
    }
    spec = {
        "hostPID": True,
        "nodeName": node,
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "tolerations": [{"operator": "Exists"}],
        "containers": [test],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "crash"}, "spec": spec}
