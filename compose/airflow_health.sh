#!/bin/sh
# sh airflow_health.sh api-server|scheduler|dag_processor|triggerer, with the codes of health.sh. The last three record
# heartbeats, and the API server tells whether theirs is recent: a check of their own would load all of Airflow each time.
server=http://airflow-apiserver:8080
if [ "$1" = api-server ]; then
    server=http://localhost:8080
    curl -sS -m 4 -o /dev/null $server/api/v2/version || exit 1
fi
told=$(curl -fsS -m 6 $server/api/v2/monitor/health) || exit 2
is_healthy() {
    case $told in *"\"$1\":{\"status\":\"healthy\""*) ;; *) return 1 ;; esac
}
is_healthy metadatabase || { echo "Airflow's metadata database is not well"; exit 2; }
[ "$1" = api-server ] || is_healthy "$1" || exit 1
