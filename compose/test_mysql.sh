#!/bin/bash
# Runs the database tests on MySQL: on the server of TEST_DATABASE_URL, which they wipe, or on the mysql of
# docker-compose.yml as a project of its own, which lives as long as they run. First argument: the Python to use.
set -euo pipefail
python=$1; shift
tests() { "$python" -m pytest tests/integration -m mysql "$@"; }
[ -z "${TEST_DATABASE_URL:-}" ] || { tests "$@"; exit; }

scratch=$(mktemp -d)
project=readmission-mysql-tests-$(pwd | cksum | cut -d' ' -f1)  # another clone's tests have another
# The shell's settings would win over the file's, so none of them gets there.
compose() {
    env -i PATH="$PATH" HOME="$HOME" ${DOCKER_HOST:+DOCKER_HOST="$DOCKER_HOST"} \
        docker compose --project-name "$project" --env-file "$scratch/env" "$@"
}
trap 'compose down --volumes --timeout 1 >/dev/null 2>&1; rm -rf "$scratch"' EXIT

"$python" -c 'import sys; from scripts.env_file import filled; sys.stdout.write(filled(sys.stdin.read()))' \
    < .env.example > "$scratch/env"
# Port 0: the engine chooses a free one.
printf '%s\n' MYSQL_PORT=0 "DATASET_DIR=$scratch" >> "$scratch/env"
password=$("$python" -c 'import secrets; print(secrets.token_hex(16))')

compose up --detach --wait mysql
compose exec -T mysql sh -c 'MYSQL_PWD="$MYSQL_ROOT_PASSWORD" exec mysql --user=root' <<SQL
CREATE USER tests IDENTIFIED BY '$password';
GRANT ALL ON *.* TO tests WITH GRANT OPTION;
CREATE DATABASE readmission_tests;
SQL
export TEST_DATABASE_URL="mysql+pymysql://tests:$password@$(compose port mysql 3306)"
tests "$@"
