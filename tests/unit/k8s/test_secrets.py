"""What the cluster's Secrets hold of `.env`, and what is said when it lacks something."""

import base64

import pytest

from k8s.commands import secrets
from k8s.commands.kubectl import ClusterError
from k8s.commands.manifests import Manifest
from k8s.commands.secrets import SECRETS, contents, locked_out, to_write
from tests.unit.k8s.objects import Manifests, pods
from tests.unit.k8s.reference_rules import named

# As `make env` writes it: the store's root account is not named, and so is MLflow's.
ENV = {
    name: f"value-of-{name}"
    for names in SECRETS.values()
    for name in names
    if not name.startswith("MINIO_") and not name.endswith(".json")
}


def test_each_account_has_a_secret_of_its_own() -> None:
    held = contents(ENV)
    assert {name: tuple(values) for name, values in held.items()} == SECRETS
    assert held["mysql-api"] == {"MYSQL_API_PASSWORD": "value-of-MYSQL_API_PASSWORD"}
    assert held["airflow-admin"] == {"AIRFLOW_ADMIN_PASSWORD": "value-of-AIRFLOW_ADMIN_PASSWORD"}


def test_the_stores_root_account_is_mlflows_unless_it_has_one() -> None:
    assert contents(ENV)["minio-root"] == {
        "MINIO_ROOT_USER": "value-of-AWS_ACCESS_KEY_ID",
        "MINIO_ROOT_PASSWORD": "value-of-AWS_SECRET_ACCESS_KEY",
    }
    own = {"MINIO_ROOT_USER": "root", "MINIO_ROOT_PASSWORD": "word"}
    assert contents(ENV | own)["minio-root"] == own
    assert contents(ENV | {"MINIO_ROOT_USER": ""})["minio-root"]["MINIO_ROOT_USER"] == "value-of-AWS_ACCESS_KEY_ID"


@pytest.mark.parametrize("name", sorted(ENV.keys() - secrets._MAY_BE_EMPTY.keys()))
@pytest.mark.parametrize("value", [None, ""])
def test_what_is_not_set_is_named_with_what_to_do(name: str, value: str | None) -> None:
    lacking = {key: text for key, text in ENV.items() if key != name} | ({} if value is None else {name: value})
    with pytest.raises(ClusterError, match=rf"not set: .*\b{name}\b.*; run `make env`") as told:
        contents(lacking)
    assert "value-of-" not in str(told.value)


def test_a_secret_is_written_as_kubernetes_takes_it() -> None:
    written = secrets._secret("postgres", {"POSTGRES_PASSWORD": "pässword"})
    assert written["data"] == {"POSTGRES_PASSWORD": base64.b64encode("pässword".encode()).decode()}
    assert written["metadata"] == {
        "name": "postgres",
        "namespace": "readmission",
        "labels": {"app.kubernetes.io/part-of": "readmission"},
    }


def test_no_secret_is_made_that_no_pod_reads(manifests: Manifests) -> None:
    read = {name for pod in pods(manifests) for kind, name, _key, _optional in named(pod) if kind == "Secret"}
    without_stores = {"mysql-root", "minio-root"}
    assert SECRETS.keys() - read <= without_stores


def test_a_secret_that_somebody_else_made_is_left_alone() -> None:
    ours: Manifest = {"metadata": {"labels": {"app.kubernetes.io/part-of": "readmission"}}}
    stores: Manifest = {"metadata": {"labels": {"by": "a store"}}}
    there: dict[str, Manifest] = {"mysql-api": {"metadata": {}}, "airflow": stores, "postgres": ours}
    assert to_write(contents(ENV), there).keys() == SECRETS.keys() - {"mysql-api", "airflow"}


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_a_password_that_a_volume_keeps_is_not_changed_under_it(name: str) -> None:
    before, claims = to_write(contents(ENV), {}), {"data-mysql-0", "data-postgres-0", "dataset"}
    changed = {key: value + "-new" if key in SECRETS[name] else value for key, value in ENV.items()}
    wanted = to_write(contents(changed), before)
    kept = [name] if name in ("mysql-root", "forget", "postgres") else []
    assert locked_out(wanted, before, claims) == kept
    assert locked_out(wanted, before, {"dataset"}) == locked_out(wanted, {}, claims) == []
    assert locked_out(before, before, claims) == []
