#!/bin/sh
# Prints what the services that did not start, or are not healthy, said last.
said=$(mktemp)
trap 'rm -f "$said"' EXIT
docker compose logs --no-log-prefix env-check-run-make-env | sort -u
for service in $(docker compose ps --all --format '{{.Service}} {{.State}} {{.Health}} {{.ExitCode}}' |
    awk '($2 == "exited" && $4 != 0) || $2 == "restarting" || $3 == "unhealthy" || $3 == "starting" {print $1}' | sort -u); do
    [ "$service" = env-check-run-make-env ] || docker compose logs --tail=15 "$service"
done | tee "$said"
if grep -q 'Access denied' "$said"; then
    printf '\n.env was made anew over volumes that keep the old passwords:\n'
    printf 'put the old .env back, or forget all data with: docker compose down -v\n'
fi
