#!/bin/bash
# Run once by the MySQL image, when its volume is empty: databases, the table the prediction service writes to,
# accounts and their grants. An SQL file would get no variables. The other tables are made by the migrations.
set -euo pipefail

account() { # NAME PASSWORD: a backslash or quote in a password would end its literal
    local password=${2//\\/\\\\}
    printf "CREATE USER '%s'@'%%' IDENTIFIED BY '%s';\n" "$1" "${password//\'/\\\'}"
}

{
    echo "CREATE DATABASE RAW_DATA CHARACTER SET utf8mb4;"
    echo "CREATE DATABASE CLEAN_DATA CHARACTER SET utf8mb4;"
    echo "USE RAW_DATA;"
    cat /first_start/predictions.sql
    account pipeline "$MYSQL_PIPELINE_PASSWORD"
    account api "$MYSQL_API_PASSWORD"
    account mlflow "$MYSQL_MLFLOW_PASSWORD"
    # No underscore may act as a wildcard in a database's name.
    echo 'GRANT ALL ON `RAW\_DATA`.* TO pipeline;'
    echo 'GRANT ALL ON `CLEAN\_DATA`.* TO pipeline;'
    echo 'GRANT SELECT, INSERT ON RAW_DATA.predictions TO api;'
    echo 'GRANT ALL ON mlflow.* TO mlflow;'
} | MYSQL_PWD="$MYSQL_ROOT_PASSWORD" mysql --user=root --default-character-set=utf8mb4
