#!/bin/sh
# Prints where the running stack answers, as whom to sign in, and which key of .env holds the password.
setting() { docker compose config --environment | sed -n "s/^$1=//p"; }

host=$(setting PUBLIC_HOST)
user=$(setting AIRFLOW_ADMIN_USER)
store=$(setting MINIO_ROOT_USER)
key=MINIO_ROOT_PASSWORD
[ -n "$store" ] || { store=$(setting AWS_ACCESS_KEY_ID) key=AWS_SECRET_ACCESS_KEY; }
login=FORM_PASSWORD
case $(setting FORM_AUTH) in off) login=- ;; oidc) login="(your provider's)" ;; esac
experiment=$(setting EXPERIMENT)
runs=$(docker compose exec -T mlflow python runs_page.py "${experiment:-readmission}" 2>/dev/null)

row() { # TITLE SERVICE CONTAINER-PORT PATH USER KEY [SCHEME]: over TLS where others reach it, else on this machine
    if published=$(docker compose port edge "$3" 2>/dev/null); then
        opens=https://${host:-${published%:*}}
    else
        published=$(docker compose port "$2" "$3" 2>/dev/null) || return 0
        opens=${7:-http}://${published%:*}
    fi
    printf '  %-18s %-36s %-12s %s\n' "$1" "$opens:${published##*:}$4" "$5" "$6"
}

docker compose logs --no-log-prefix env-check-run-make-env | sort -u  # once for each start of it
printf '\n  %-18s %-36s %-12s %s\n' Service Address User "Password (key in .env)"
row Airflow airflow-apiserver 8080 "" "${user:-admin}" AIRFLOW_ADMIN_PASSWORD
row MLflow mlflow 5000 "$runs" admin MLFLOW_ADMIN_PASSWORD
row "Prediction API" api 8000 /docs - -
row Form front 8501 "" - "$login"
row "MinIO console" minio 9001 "" "$store" "$key"
row "MinIO S3" minio 9000 "" "$store" "$key"
row MySQL mysql 3306 "" pipeline MYSQL_PIPELINE_PASSWORD mysql
printf '\n  Next: make run-pipeline\n'
