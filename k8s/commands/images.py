"""The platform's own images: built with Compose's files, named by what is in them, and brought to the cluster."""

import os
import shlex
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from connections.settings_file import assigned
from k8s.commands.kubectl import ROOT, ClusterError, context

# The services of docker-compose.yml whose images are built, by the name of the image in the manifests.
BUILT = {
    "readmission-airflow": "airflow-apiserver",
    "readmission-api": "api",
    "readmission-bucket": "bucket",
    "readmission-front": "front",
    "readmission-mlflow": "mlflow",
}
_STORE = "pgsty/silo"
_BUILD_SECONDS = 3_600

Tell = Callable[[str], None]


def build(registry: str = "") -> dict[str, str]:
    """Builds the images and gives each a tag of its content: a changed image has another name, which rolls its pods.

    Returns:
        Their full names, by the names in the manifests.

    Raises:
        ClusterError: a build failed; its output was shown.
    """
    _run("docker", "compose", "build", *BUILT.values())
    listed = _out("docker", "compose", "config", "--images").split()
    found = {}
    for name in BUILT:
        (local,) = {image for image in listed if image.partition(":")[0].endswith(name.removeprefix("readmission"))}
        digest = _out("docker", "image", "inspect", "--format={{.Id}}", local).strip().removeprefix("sha256:")
        found[name] = f"{registry.rstrip('/') + '/' if registry else ''}{name}:{digest[:12]}"
        _run("docker", "tag", local, found[name])
    return found


def push(images: Iterable[str]) -> None:
    """Pushes images to the registry that their names begin with.

    Raises:
        ClusterError: it refuses.
    """
    for image in images:
        _run("docker", "push", "--quiet", image)


def load(images: Iterable[str], tell: Tell) -> None:
    """Copies what this machine's engine holds of the images into the cluster's nodes.

    IMAGE_LOADER is a command that takes their names; kind, k3d, minikube and k3s are known by the context's name.

    Raises:
        ClusterError: the cluster is none of these, or its command failed.
    """
    held = [image for image in sorted(images) if _is_held(image)]
    for command in _loaders(context(), held):
        tell(f"loading images: {command}")
        _run("sh", "-c", command)


def others(own: dict[str, str], env_file: Path = ROOT / ".env") -> dict[str, str]:
    """The images, with the object store's under the name of MINIO_IMAGE, where the shell or `.env` sets it."""
    store = os.environ.get("MINIO_IMAGE") or assigned(env_file).get("MINIO_IMAGE")
    return own | ({_STORE: store} if store else {})


def _loaders(context: str, images: list[str]) -> list[str]:
    names = shlex.join(images)
    if loader := os.environ.get("IMAGE_LOADER"):
        return [f"{loader} {names}"]
    kind, _, name = context.partition("-")
    if kind == "kind":
        return [f"kind load docker-image --name {shlex.quote(name)} {names}"]
    if kind == "k3d":
        return [f"k3d image import --cluster {shlex.quote(name)} {names}"]
    if context == "minikube":
        return [f"minikube image load {shlex.quote(image)}" for image in images]
    if context in ("default", "k3s"):
        return [f"docker save {names} | sudo k3s ctr images import -"]
    raise ClusterError(
        f"the cluster {context!r} takes its images from a registry: set REGISTRY=registry.example.org/team, which "
        "they are pushed to, or IMAGE_LOADER to the command that copies images into its nodes"
    )


def _is_held(image: str) -> bool:
    done = subprocess.run(("docker", "image", "inspect", image), capture_output=True)
    return done.returncode == 0


def _run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, timeout=_BUILD_SECONDS)
    if done.returncode:
        raise ClusterError(f"failed: {shlex.join(command)[:200]}")


def _out(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=_BUILD_SECONDS)
    if done.returncode:
        raise ClusterError(f"failed: {shlex.join(command)[:200]}")
    return done.stdout
