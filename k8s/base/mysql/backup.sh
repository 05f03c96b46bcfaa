#!/bin/sh
# Dumps each database with the account that may read it; a dump takes its name only when it is whole. A week is kept.
set -eu
umask 077
day=$(date -u +%Y-%m-%dT%H%M%SZ)
dump() { # ACCOUNT PASSWORD DATABASE
    MYSQL_PWD=$2 mysqldump -h mysql -u "$1" --single-transaction --no-tablespaces \
        --set-gtid-purged=OFF --skip-masking-policies "$3" \
        > "/backup/.$3.part"
    tail -n 1 "/backup/.$3.part" | grep -q '^-- Dump completed'
    gzip -c "/backup/.$3.part" > "/backup/.$3.part.gz"
    mv "/backup/.$3.part.gz" "/backup/$day-$3.sql.gz"
    rm "/backup/.$3.part"
    ls -l "/backup/$day-$3.sql.gz"
}
dump owner "$MYSQL_OWNER_PASSWORD" RAW_DATA
dump owner "$MYSQL_OWNER_PASSWORD" CLEAN_DATA
dump mlflow "$MYSQL_MLFLOW_PASSWORD" mlflow
find /backup -name '*.sql.gz' -mtime +7 -exec rm {} +
