"""Every service of the compose file is watched, limited, pinned and published on loopback, or over TLS."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from tests.conftest import ROOT

Services = dict[str, dict[str, Any]]
# By hash, as supply/install.sh does it, with what opens a mirror as secrets of the build.
INSTALLED = """RUN --mount=type=cache,target=/root/.cache \\
    --mount=type=secret,id=package_authority --mount=type=secret,id=package_login \\
    sh /tmp/install.sh /tmp/requirements"""
BASE_IMAGES = {
    "mysql:9.7",
    "postgres:17",
    "redis:8",
    "python:3.13-slim-trixie",
    "apache/airflow:3.3.2-python3.13",
}
STORE_IMAGE = r"\$\{MINIO_IMAGE:-pgsty/silo:RELEASE\.[\dTZ-]+@sha256:[0-9a-f]{64}\}"
PUBLISHED = {
    "airflow-apiserver": {"${AIRFLOW_PORT:-8080}:8080"},
    "api": {"${API_PORT:-8000}:8000"},
    "front": {"${FORM_PORT:-8501}:8501"},
    "mlflow": {"${MLFLOW_PORT:-8084}:5000"},
    "minio": {"${MINIO_CONSOLE_PORT:-8083}:9001", "${S3_PORT:-9000}:9000"},
    "mysql": {"${MYSQL_PORT:-3306}:3306"},
}
# No pages, and protocols that the proxy does not speak, or keys that others have no use for.
IN_CLEAR_ALONE = {"${MYSQL_PORT:-3306}:3306", "${S3_PORT:-9000}:9000"}
EDGE = "edge"
AIRFLOW = "airflow-"
CHECK = "env-check-run-make-env"
FETCHES = "airflow-worker"
ENTRYPOINT = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"]
# Networks through which this machine reaches what is published; their members do not see each other.
DOORS = "published-"


def _running(services: Services) -> Services:
    return {name: service for name, service in services.items() if service["restart"] != "no"}


def _one_shots(services: Services) -> Services:
    return {name: service for name, service in services.items() if service["restart"] == "no"}


def _by_default(services: Services) -> Services:
    return {name: service for name, service in services.items() if not service.get("profiles")}


def test_a_service_that_stays_up_is_restarted_and_has_a_health_check(services: Services) -> None:
    for name, service in _running(services).items():
        assert service["restart"] == "unless-stopped", name
        assert "test" in service.get("healthcheck", {}) or "HEALTHCHECK" in _dockerfile(service), name


def test_a_one_shot_is_waited_for_since_up_wait_fails_on_its_exit_otherwise(services: Services) -> None:
    waited_for = {
        name
        for service in services.values()
        for name, rule in service.get("depends_on", {}).items()
        if rule["condition"] == "service_completed_successfully"
    }
    assert waited_for == set(_by_default(_one_shots(services)))


def test_nothing_waits_for_a_service_merely_started(services: Services) -> None:
    for name, service in services.items():
        for other, rule in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if other in _one_shots(services) else "service_healthy"
            assert rule["condition"] == wanted, f"{name} → {other}"


def test_memory_processors_and_logs_are_limited(services: Services) -> None:
    for name, service in services.items():
        assert service["mem_limit"], name
        assert 0 < service["cpus"] <= 2, name
        assert service["logging"] == {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}}, name
        assert service["security_opt"] == ["no-new-privileges:true"], name


def test_no_service_gets_at_the_host(services: Services) -> None:
    for name, service in services.items():
        assert service.get("network_mode", "none") in ("none", "service:airflow-apiserver"), name
        assert not service.keys() & {"privileged", "devices", "pid", "ipc"}, name
        assert "docker.sock" not in str(service.get("volumes")), name


def test_a_root_is_only_read_and_has_no_capability_but_what_an_entrypoint_needs(services: Services) -> None:
    for name, service in services.items():
        assert (service["cap_drop"], service["read_only"]) == (["ALL"], True), name
        assert "/tmp" in service["tmpfs"] and 0 < service["pids_limit"] <= 512, name
    kept = {name: service["cap_add"] for name, service in services.items() if "cap_add" in service}
    assert kept.pop(CHECK) == ["CHOWN", "FOWNER", "DAC_OVERRIDE"]
    assert kept == dict.fromkeys(("mysql", "postgres", "redis"), ENTRYPOINT)


def test_what_speaks_tls_can_write_only_its_own_keys(services: Services) -> None:
    edge = services["edge"]
    assert edge["profiles"] == ["tls"] and "cap_add" not in edge
    assert edge["volumes"] == ["edge-data:/var/lib/edge", "edge-certificate:/tls:ro"]
    assert "install -d -o app -g app -m 700 /var/lib/edge" in _dockerfile(edge)


def test_nothing_but_the_worker_has_a_way_outside(services: Services) -> None:
    networks = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["networks"]
    inner = {name for name, network in networks.items() if network and network.get("internal")}
    doors = {name for name in networks if name.startswith(DOORS)}
    assert inner == networks.keys() - doors - {"outside", "login-outside"}
    # The form goes out where a setting names an identity provider, and alone.
    chosen = "login${FORM_OIDC_METADATA_URL:+-outside}"
    assert [name for name, one in services.items() if "login" in str(one.get("networks"))] == ["front"]
    assert chosen in services["front"]["networks"] and networks["login"]["internal"]
    assert {option for name in doors for option in networks[name]["driver_opts"].values()} == {"false"}
    assert set(_sharing(services, {"outside"})) == {FETCHES}
    assert sorted(name for door in doors for name in _sharing(services, {door})) == sorted([*PUBLISHED, EDGE])


def test_no_two_that_talk_share_a_door_where_they_would_not_see_each_other(services: Services) -> None:
    for name in (*PUBLISHED, EDGE):
        doors = {each for each in services[name]["networks"] if each.startswith(DOORS)}
        assert not (set(_sharing(services, doors)) - {name}) & _seen_by(services, name), name


def test_images_are_ours_or_pinned_ones(services: Services) -> None:
    for name, service in services.items():
        ours = service["image"].startswith("${COMPOSE_PROJECT_NAME:-readmission}-")
        assert ours == ("build" in service), name
        assert service["image"].endswith(":local") if ours else _pinned(name, service["image"]), name


def test_only_what_a_person_opens_is_published_and_in_clear_on_loopback_alone(services: Services) -> None:
    found = {name: set(service["ports"]) for name, service in services.items() if service.get("ports")}
    tls = found.pop(EDGE)
    assert found == {name: {f"127.0.0.1:{port}" for port in ports} for name, ports in PUBLISHED.items()}
    over_tls = set().union(*PUBLISHED.values()) - IN_CLEAR_ALONE
    assert tls == {"${BIND_ADDRESS:-127.0.0.1}:" + port for port in over_tls}


def test_who_can_reach_whom(services: Services) -> None:
    airflow = {name for name in services if name.startswith(AIRFLOW)} - {FETCHES}
    assert _seen_by(services, "front") == {"api", EDGE}
    assert _seen_by(services, "api") == {"front", "mysql", "mlflow", EDGE}
    assert _seen_by(services, "mysql") == {"api", "mlflow", "adopt", "migrate", "keeper", "airflow-worker"}
    assert _seen_by(services, "minio") == {"mlflow", "bucket", "store-account", EDGE}
    beside_it = {"api", "front", "mlflow", "minio", "bucket", "store-account", "airflow-apiserver"}
    assert _seen_by(services, EDGE) == beside_it
    assert _seen_by(services, "postgres") == airflow
    assert _seen_by(services, "redis") == {"airflow-scheduler", FETCHES}
    assert _seen_by(services, FETCHES) & (airflow | {"postgres"}) == {"airflow-apiserver", "airflow-scheduler"}
    assert services["env-check-run-make-env"]["network_mode"] == "none"


def test_dockerfiles_have_two_stages_known_bases_and_end_as_a_user_without_rights(services: Services) -> None:
    built = {service["build"]["dockerfile"] for service in services.values() if "build" in service}
    assert built == {
        "dockerfile",
        "app_back/dockerfile_api",
        "app_front/dockerfile_app",
        "mlflow/dockerfile_mlflow",
        "minio/dockerfile_bucket",
        "compose/edge/dockerfile_edge",
    }
    for path in built:
        lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
        bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
        assert set(bases) <= BASE_IMAGES, path
        users = [line for line in lines if line.startswith("USER ")]
        assert users[-1] in ("USER app", "USER airflow"), path
        assert not any(line.startswith("# syntax=") for line in lines), path
        if path == "compose/edge/dockerfile_edge":  # Debian's packages alone, which Debian signs
            continue
        build = "\n".join(lines[: _last_stage(lines)])
        assert INSTALLED in build and build.count("RUN ") == 1, path
        assert build.index('ARG PACKAGE_INDEX=""') < build.index("RUN "), path
        assert not re.search(r"\bpip install\b|\buv pip\b", "\n".join(lines)), path


def test_every_image_can_come_from_a_mirror_whose_login_is_a_secret_of_the_build(services: Services) -> None:
    for name, service in services.items():
        if "build" in service and service is not services[EDGE]:  # of Debian's packages alone
            assert service["build"]["args"]["PACKAGE_INDEX"] == "${PACKAGE_INDEX:-}", name
            assert service["build"]["secrets"] == ["package_authority", "package_login"], name
            assert "secrets" not in service, name


def test_everything_that_an_image_installs_is_held_against_its_hash() -> None:
    installs = [
        line for line in (ROOT / "supply/install.sh").read_text(encoding="utf-8").splitlines() if " install " in line
    ]
    commands = [line for line in installs if not line.startswith("#")]
    assert len(commands) == 2 and all("--require-hashes" in line for line in commands)


def test_the_installed_packages_come_before_the_code(services: Services) -> None:
    for service in services.values():
        if "build" in service and service is not services[EDGE]:
            copies = [line for line in _dockerfile(service).splitlines() if line.startswith("COPY")]
            assert copies[0].startswith("COPY supply/install.sh supply/requirements_uv.txt ")
            assert copies[1].startswith("COPY --from=dependencies")


def test_the_prediction_service_starts_alone_and_its_state_outlives_its_container(services: Services) -> None:
    service = services["api"]
    assert set(service["depends_on"]) == {CHECK}
    folder = service["environment"]["STATE_DIR"]
    assert service["volumes"] == [f"api-state:{folder}", "api-keys:/keys:ro"]
    # What Docker copies into a new volume is whose folder it is.
    assert f"install -d -o app -g app {folder}" in _dockerfile(service)
    # As much as the program takes to answer what it has accepted, and some more for its journal.
    assert service["stop_grace_period"] == "45s"


def _pinned(service: str, image: str) -> bool:
    return bool(re.fullmatch(STORE_IMAGE, image)) if service in ("minio", "store-account") else image in BASE_IMAGES


def _last_stage(lines: list[str]) -> int:
    return max(number for number, line in enumerate(lines) if line.startswith("FROM "))


def _dockerfile(service: dict[str, Any]) -> str:
    return (ROOT / service["build"]["dockerfile"]).read_text(encoding="utf-8") if "build" in service else ""


def _seen_by(services: Services, name: str) -> set[str]:
    mine = {each for each in services[name]["networks"] if not each.startswith(DOORS)}
    return set(_sharing(services, mine)) - {name}


def _sharing(services: Services, networks: set[str]) -> Iterator[str]:
    return (name for name, service in services.items() if networks & set(service.get("networks", ())))
