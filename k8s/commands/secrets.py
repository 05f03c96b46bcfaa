"""The cluster's Secrets, from the settings file: one for each account, so that a pod holds only those that it uses."""

import base64
from collections.abc import Mapping, Sequence

import yaml

from connections.api_keys import FILE_NAME, Key, KeysError, as_text, parsed, with_forms
from connections.settings_file import assigned
from k8s.commands.kubectl import NAMESPACE, ROOT, ClusterError, apply, objects
from k8s.commands.manifests import Manifest

# The hashes of the prediction service's keys, which `make k8s-keys` changes too.
API_KEYS = "api-keys"
# Each Secret, and the settings of `.env` that it holds.
SECRETS: dict[str, tuple[str, ...]] = {
    "mysql-root": ("MYSQL_ROOT_PASSWORD",),
    "mysql-owner": ("MYSQL_OWNER_PASSWORD",),
    "mysql-api": ("MYSQL_API_PASSWORD",),
    "mysql-keeper": ("MYSQL_KEEPER_PASSWORD",),
    "mysql-mlflow": ("MYSQL_MLFLOW_PASSWORD",),
    "mysql-pipeline": ("MYSQL_PIPELINE_PASSWORD",),
    "forget": ("FORGET_KEY",),
    "mlflow-admin": ("MLFLOW_ADMIN_PASSWORD",),
    "mlflow-api": ("MLFLOW_API_PASSWORD",),
    "mlflow-pipeline": ("MLFLOW_PIPELINE_PASSWORD",),
    "model-signing": ("MODEL_SIGNING_KEY",),
    "model-public": ("MODEL_PUBLIC_KEYS",),
    "minio-root": ("MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"),
    "minio-mlflow": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    "postgres": ("POSTGRES_PASSWORD",),
    "airflow": ("AIRFLOW_FERNET_KEY", "AIRFLOW_SECRET_KEY", "AIRFLOW_JWT_SECRET"),
    "airflow-admin": ("AIRFLOW_ADMIN_PASSWORD",),
    "form": ("FORM_API_KEY", "FORM_PASSWORD", "FORM_COOKIE_SECRET", "FORM_OIDC_CLIENT_SECRET"),
    API_KEYS: (FILE_NAME,),
}
# What somebody else makes, where it is used at all.
_MAY_BE_EMPTY = {"FORM_OIDC_CLIENT_SECRET": ""}
ADMIN = "admin"
# What a volume keeps the password of, from its first start on.
# The other accounts of MySQL have theirs at each start of the server; the record of what was forgotten has one key.
_KEPT_BY = {"mysql-root": "data-mysql-0", "forget": "data-mysql-0", "postgres": "data-postgres-0"}
_LABEL = ("app.kubernetes.io/part-of", NAMESPACE)


def contents(values: Mapping[str, str], keys: Sequence[Key] = ()) -> dict[str, dict[str, str]]:
    """What each Secret holds, of these settings and of the API keys that there are.

    Raises:
        ClusterError: one is not set.
    """
    mlflows = {f"MINIO_ROOT_{ours}": values.get(f"AWS_{key}", "") for ours, key in _ROOT_OF_THE_STORE.items()}
    known = {**mlflows, **{name: value for name, value in values.items() if value}}
    known[FILE_NAME] = as_text(with_forms(keys, values.get("FORM_API_KEY", "")))
    missing = sorted({name for names in SECRETS.values() for name in names if not known.get(name)} - {*_MAY_BE_EMPTY})
    if missing:
        raise ClusterError(f"not set: {', '.join(missing)}; run `make env`, which writes .env")
    known = _MAY_BE_EMPTY | known
    return {secret: {name: known[name] for name in names} for secret, names in SECRETS.items()}


# Without a root account of its own the store's is MLflow's, as in Compose.
_ROOT_OF_THE_STORE = {"USER": "ACCESS_KEY_ID", "PASSWORD": "SECRET_ACCESS_KEY"}


def write(force: bool = False) -> list[str]:
    """Gives the cluster the Secrets of `.env`, but for those that somebody else made; says which are new or changed.

    Raises:
        ClusterError: a setting is missing, a volume keeps another password (unless forced), or the cluster refuses.
    """
    apply((ROOT / "k8s/base/namespace.yaml").read_text(encoding="utf-8"))
    there = {one["metadata"]["name"]: one for one in objects("secrets")}
    wanted = to_write(contents(assigned(ROOT / ".env"), keys_of(there)), there)
    claims = {one["metadata"]["name"] for one in objects("persistentvolumeclaims")}
    if locked := [] if force else locked_out(wanted, there, claims):
        raise ClusterError(
            f"{', '.join(locked)}: .env has another password than the cluster's volume, which keeps the one that it "
            "was made with; put that .env back, or change the password in the server and then: make k8s-secrets FORCE=1"
        )
    changed = [name for name, secret in wanted.items() if there.get(name, {}).get("data") != secret["data"]]
    if changed:
        apply(yaml.safe_dump_all([wanted[name] for name in changed]))
    return changed


def keys_of(there: Mapping[str, Manifest]) -> tuple[Key, ...]:
    """The API keys among the cluster's Secrets.

    Raises:
        ClusterError: they are damaged.
    """
    held = there.get(API_KEYS, {}).get("data", {}).get(FILE_NAME)
    try:
        return parsed(base64.b64decode(held).decode()) if held else ()
    except (KeysError, ValueError) as error:
        raise ClusterError(f"Secret {API_KEYS}: {error}; delete it, and make the keys anew") from None


def write_keys(keys: Sequence[Key]) -> None:
    """Gives the cluster these API keys; its pods see them within a minute or two."""
    apply(yaml.safe_dump(_secret(API_KEYS, {FILE_NAME: as_text(keys)})))


def to_write(held: dict[str, dict[str, str]], there: Mapping[str, Manifest]) -> dict[str, Manifest]:
    """The Secrets to write: a store of secrets that makes some itself leaves them without the platform's label."""
    others = {name for name, one in there.items() if one["metadata"].get("labels", {}).get(_LABEL[0]) != _LABEL[1]}
    return {name: _secret(name, values) for name, values in held.items() if name not in others}


def locked_out(wanted: Mapping[str, Manifest], there: Mapping[str, Manifest], claims: set[str]) -> list[str]:
    """The Secrets whose new password a server that is there does not know."""
    return [
        name
        for name, claim in _KEPT_BY.items()
        if claim in claims and name in wanted and name in there and wanted[name]["data"] != there[name].get("data")
    ]


def _secret(name: str, values: dict[str, str]) -> Manifest:
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    metadata = {"name": name, "namespace": NAMESPACE, "labels": dict([_LABEL])}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": encoded}
