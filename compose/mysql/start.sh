#!/bin/bash
# Starts MySQL with the databases and accounts that the settings name, whichever release made its volume. The server runs
# the statements itself at each start, before anybody can connect: nobody else is given root's password, and a new
# password in the settings is the account's from the next start on.
# What each account may do with which table is granted by the job `migrate`, as `owner`.
# `start.sh --print` shows the statements, for the administrator of a server that is somebody else's.
set -euo pipefail

account() { # NAME PASSWORD: a backslash or quote in a password would end its literal
    local password=${2//\\/\\\\}
    password=${password//\'/\\\'}
    printf "CREATE USER IF NOT EXISTS '%s'@'%%' IDENTIFIED BY '%s';\n" "$1" "$password"
    printf "ALTER USER '%s'@'%%' IDENTIFIED BY '%s';\n" "$1" "$password"
}

statements() {
    echo "CREATE DATABASE IF NOT EXISTS RAW_DATA CHARACTER SET utf8mb4;"
    echo "CREATE DATABASE IF NOT EXISTS CLEAN_DATA CHARACTER SET utf8mb4;"
    account owner "$MYSQL_OWNER_PASSWORD"
    account pipeline "$MYSQL_PIPELINE_PASSWORD"
    account api "$MYSQL_API_PASSWORD"
    account keeper "$MYSQL_KEEPER_PASSWORD"
    account mlflow "$MYSQL_MLFLOW_PASSWORD"
    # No underscore may act as a wildcard in a database's name.
    echo 'GRANT ALL ON `RAW\_DATA`.* TO owner WITH GRANT OPTION;'
    echo 'GRANT ALL ON `CLEAN\_DATA`.* TO owner WITH GRANT OPTION;'
    # Who has which rights, so that what an earlier release gave beyond today's is taken back; no password is in these.
    echo 'GRANT SELECT ON mysql.db TO owner;'
    echo 'GRANT SELECT ON mysql.tables_priv TO owner;'
    echo 'GRANT ALL ON mlflow.* TO mlflow;'
}

if [ "${1:-}" = --print ]; then
    statements
    exit
fi
umask 077
statements > /var/run/mysqld/accounts.sql
[ "$(id -u)" != 0 ] || chown mysql /var/run/mysqld/accounts.sql
umask 022
exec docker-entrypoint.sh mysqld "$@" --init-file=/var/run/mysqld/accounts.sql
