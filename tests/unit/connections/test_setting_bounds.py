"""Each rule of a setting at its edges: the last values that it takes, and the first that it does not."""

from base64 import urlsafe_b64encode

import pytest

from connections.setting_rules import EMBEDDED_PORTS, RULES

_PORTS = (("1", "65535"), ("0", "65536", "80.0", ""))
_ADDRESSES = (("http://a", "HTTPS://a:65535/b"), ("a", "http://", "http://a:0", "http://a:65536", "ftp://a"))
_SECONDS = (("0.001", "999999999"), ("0", "-1", "1e9", "nan", "inf", "soon"))
_COUNTS = (("1", "+2"), ("0", "1.0", "one"))
_PASSWORDS = (("a" * 12,), ("a" * 11,))
KEY_32 = urlsafe_b64encode(bytes(32)).decode()
# By setting: what it takes, and what it does not.
EDGES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    **dict.fromkeys((*EMBEDDED_PORTS, "MYSQL_PORT", "S3_PORT", "MINIO_CONSOLE_PORT"), _PORTS),
    **dict.fromkeys(("MLFLOW_TRACKING_URI", "API_URL", "MLFLOW_S3_ENDPOINT_URL"), _ADDRESSES),
    **dict.fromkeys(("DATASET_FETCH_SECONDS", "MODEL_POLL_SECONDS"), _SECONDS),
    **dict.fromkeys(("TRAINING_JOBS", "AIRFLOW_WORKER_CONCURRENCY"), _COUNTS),
    "BATCH_SECONDS": (("1", "600"), ("0.9", "600.1", "nan", "soon")),
    "LOG_WAIT_SECONDS": (("0.1", "60"), ("0.09", "60.1", "0", "nan", "soon")),
    "JOURNAL_MAX_MB": (("1", "1000000"), ("0", "1000001", "1.5")),
    "BIND_ADDRESS": (("0.0.0.0", "::", "[::1]", "ward.corp"), ("a,b", "ward:80", "http://a")),
    "PUBLIC_HOST": (("ward.corp", "fd00::7"), ("a,b", "0.0.0.0", "ward:80")),
    "OTHER_HOSTS": (("a,b", "10.0.0.7, fd00::7"), ("a,0.0.0.0", "a/b")),
    "PUBLIC_SCHEME": (("http", "https"), ("HTTPS", "http://", "")),
    "PORT_OFFSET": (("0", "50000"), ("-1", "50001")),
    "AIRFLOW_ADMIN_USER": (("ana.soto+1@ward", "_"), ("a b", "a:b", "")),
    "AIRFLOW_FERNET_KEY": (
        (KEY_32, f"{KEY_32},{KEY_32}"),
        (
            urlsafe_b64encode(bytes(31)).decode(),
            urlsafe_b64encode(bytes(33)).decode(),
            "a",
            f"{KEY_32},",
            f"{KEY_32},{KEY_32},{KEY_32}",
        ),
    ),
    **dict.fromkeys(("MLFLOW_ADMIN_PASSWORD", "MLFLOW_PIPELINE_PASSWORD", "MLFLOW_API_PASSWORD"), _PASSWORDS),
    "DATABASE_URL": (("mysql+pymysql://a:b@c:3306", "mysql://c", "sqlite:////tmp"), ("sqlite:///tmp", "mysql://", "c")),
    "DATASET_SHA256": (("a" * 64, "0F" * 32), ("a" * 63, "a" * 65, "g" * 64)),
    "LEAST_LOAD_SHARE": (("0", "0.5", "1"), ("-0.01", "1.01", "nan", "50%")),
    "BACKUP_EVERY_HOURS": (("0", "8760"), ("-1", "8761", "0.5")),
    "BACKUP_KEEP": (("1", "10000"), ("0", "10001", "all")),
    "PRUNE_KEEP_TRAININGS": (("1", "100000"), ("0", "100001", "all")),
    "PRUNE_AFTER_DAYS": (("1", "36500"), ("0", "36501", "1.5")),
    "RETENTION_DAYS": (("183", "36500"), ("182", "36501", "0", "400.5")),
    "SYNTHETIC_ROWS": (("1000",), ("999", "1e4")),
    "BUCKET": (("abc", "a" * 63), ("ab", "a" * 64, "-ab", "ab-", "Abc")),
    "MODEL_NAME": (("modelo de hoy",), ("a/b", "a:b", "")),
    **dict.fromkeys(
        ("MODEL_ALIAS", "SHADOW_ALIAS"),
        (("production", "v", "v1b", "latest_one"), ("latest", "v1", "v12", "a b", "")),
    ),
    "MODEL_SIGNING_KEY": ((KEY_32,), (KEY_32[:-1], KEY_32 + "=", KEY_32.replace("A", "/"), f"{KEY_32},{KEY_32}")),
    "MODEL_PUBLIC_KEYS": ((KEY_32, f"{KEY_32},{KEY_32}"), ("a", f"{KEY_32},", f"{KEY_32} {KEY_32}", "changethis")),
    "ALLOW_EXTERNAL_PROMOTION": (("true", "False"), ("yes", "1", "")),
    "API_WORKERS": (("1", "64"), ("0", "65", "two")),
    "API_AUTH": (("on", "off"), ("On", "true", "")),
    "FORM_AUTH": (("password", "oidc", "off"), ("on", "OIDC", "")),
    "FORM_PASSWORD": _PASSWORDS,
    "FORM_SESSION_MINUTES": (("0.05", "1440"), ("0.04", "1440.1", "nan", "soon")),
    "FORM_SESSION_HOURS": (("0.01", "168"), ("0.009", "168.1", "nan", "never")),
    "FORM_PUBLIC_URL": (("https://form.ward.corp", "http://a:8501/"), ("form.ward.corp", "https://a/form", "https://")),
    "FORM_OIDC_METADATA_URL": (
        ("https://id.ward.corp/.well-known/openid-configuration", "http://127.0.0.1:9/a", "http://localhost"),
        ("http://id.ward.corp/a", "id.ward.corp", "https://"),
    ),
    "FORM_OIDC_ALLOWED": (("ward.corp", "ana@ward.corp, b.corp"), ("corp", "*", "@ward.corp", "a@b", "ward.corp,", "")),
    "FORM_COOKIE_SECRET": (("a" * 32,), ("a" * 31,)),
    "API_KEY_REQUESTS_PER_MINUTE": (("0", "10000000"), ("-1", "10000001", "1.5")),
    "QUEUE_LIMIT": (("1", "100000"), ("0", "100001")),
    "LOG_LEVEL": (("debug", "Warn", "ERROR"), ("fatal", "")),
    "COMPOSE_PROJECT_NAME": (("readmission", "0-a_b"), ("_a", "A", "a.b")),
}


def test_every_rule_is_tried_at_its_edges() -> None:
    assert EDGES.keys() == RULES.keys()


@pytest.mark.parametrize("name", EDGES)
def test_a_setting_takes_all_up_to_its_edges_and_nothing_beyond(name: str) -> None:
    taken, refused = EDGES[name]
    accepts = RULES[name].accepts
    assert [value for value in taken if not accepts(value)] == []
    assert [value for value in refused if accepts(value)] == []
