"""The object store's image is asked for what the real one and the tests' stand-in both offer, and for nothing else.

Where the real image cannot be had, the services run on a stand-in: SeaweedFS behind the same ports, without a console
and without accounts, with an `mc` that knows `alias set`, `ready`, `mb`, `ls`, `cp` and `rm`. A new demand fails here
until somebody has looked at both and written down how each meets it.
"""

import ast
import re
from collections.abc import Iterator
from typing import Any

from tests.conftest import ROOT

# A demand: how the real image meets it, and how the stand-in does.
OFFERED = {
    "variable MINIO_ROOT_USER": ("the root account", "its only account"),
    "variable MINIO_ROOT_PASSWORD": ("the root account's", "its only account's"),
    "variable MINIO_BROWSER_REDIRECT_URL": ("where its console is seen from outside", "ignored, as it has none"),
    "variable HOME": ("where it writes besides /data", "the same"),
    "variable MC_CONFIG_DIR": ("where `mc` keeps its aliases", "the same"),
    "variable HEALTH_NEEDS": ("ignored, but by health.sh", "the same"),
    "argument server": ("starts", "starts"),
    "argument /data": ("the folder that it keeps", "the folder that it keeps"),
    "argument --console-address": ("where the console listens", "where a page says that there is none"),
    "argument :9001": ("every address of the container", "every address of the container"),
    "port 9000": ("S3", "S3"),
    "port 9001": ("the console", "a page that says that there is none"),
    "volume /data": ("the folder that it keeps", "the folder that it keeps"),
    "setting read_only": ("writes to /data and, with `mc`, to /tmp", "the same"),
    "setting tmpfs": ("/tmp, for `mc`'s configuration", "the same"),
    "volume /platform/health.sh": ("has sh, timeout and df", "has sh, timeout and df"),
    "variable MC_HOST_store": ("where `mc` asks and as whom", "ignored: it asks as root"),
    "admin user add": ("makes an account, or gives it another key", "refuses: MLflow has root's keys"),
    "admin policy create": ("a new one, or in the place of one", "is not asked"),
    "admin policy attach": ("and says where that is so already", "is not asked"),
    "health sh /platform/health.sh mc ready local": ("asks /minio/health/ready", "asks /minio/health/live"),
    "s3 create_bucket": ("and says whose it is already", "and says whose it is already"),
    "s3 head_bucket": ("yes", "yes"),
    "s3 put_bucket_versioning": ("yes", "yes"),
    "s3 get_paginator": ("of list_objects_v2, which MLflow asks for too, and list_object_versions", "of both"),
    "s3 get_object": ("yes", "yes"),
    "s3 delete_object": ("of one version", "of one version"),
    "s3 upload_fileobj": ("in parts where it is large", "in parts where it is large"),
}
# What the engine does for any image.
ENGINE = {
    "image", "restart", "logging", "security_opt", "networks", "mem_limit", "cpus", "depends_on",
    "cap_drop", "pids_limit", "init",
}  # fmt: skip
LISTED = {"command", "environment", "ports", "volumes", "healthcheck"}
JOB = ROOT / "minio"


def of_the_service(service: dict[str, Any]) -> Iterator[str]:
    yield from (f"variable {name}" for name in service["environment"])
    yield from (f"argument {word}" for word in service["command"])
    yield from (f"port {published.rpartition(':')[2]}" for published in service["ports"])
    yield from (f"volume {mounted.split(':')[1]}" for mounted in service["volumes"])
    yield f"health {' '.join(service['healthcheck']['test'][1:])}"
    yield from (f"setting {name}" for name in service.keys() - ENGINE - LISTED)


def of_its_neighbours(compose_file: str) -> Iterator[str]:
    yield from (f"port {number}" for number in re.findall(r"//minio:(\d+)", compose_file))


def of_the_account_job(script: str) -> Iterator[str]:
    yield from (f"variable {name}" for name in re.findall(r"^export (\w+)=", script, re.M))
    yield from (f"admin {words}" for words in re.findall(r"\bmc admin (\w+ \w+) store", script))


def of_the_bucket_job(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "s3":
            yield f"s3 {node.attr}"


def test_the_store_is_asked_for_what_both_images_offer(services: dict[str, dict[str, Any]]) -> None:
    compose_file = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    asked = {*of_the_service(services["minio"]), *of_its_neighbours(compose_file)}
    asked |= set(of_the_account_job((ROOT / "compose/store_account.sh").read_text(encoding="utf-8")))
    for path in JOB.glob("*.py"):
        asked |= set(of_the_bucket_job(path.read_text(encoding="utf-8")))
    assert asked - OFFERED.keys() == set(), "see whether both images offer it"
    assert OFFERED.keys() - asked == set(), "nobody asks for it any more"
