#!/bin/sh
# sh health.sh COMMAND…: a container's health check, which also ends what hangs: Docker restarts what has ended, and nothing
# that is merely unhealthy. COMMAND tells by its code that the service works (0), that it does not answer (1, or nothing in
# twelve seconds), or that it answers and something which it needs does not (any other): no restart would mend that.
#
# Who has not answered for five minutes is asked to end, and a minute later killed. Left alone is what has not answered yet
# since it started, as a database that recovers or one whose tables are migrated; and time in which nobody looked does not
# count, as of a container that was paused. It takes `init: true`, since nobody inside can kill a container's first process.
#
# HEALTH_NEEDS names what the service needs besides: others as HOST:PORT, and the folders on whose disks it writes.
# What is wrong is told in the service's own log too.
set -u
seen=${HEALTH_FILE:-/tmp/health} # the seconds since the machine's start when it answered last, and when it was asked last
hangs_after=${HANGS_AFTER_SECONDS:-300}
killed_after=$((hangs_after + 60))

has_room() { # a fiftieth of the disk, or a gigabyte; where that cannot be known, nothing is said
    df -Pk "$1" | {
        read -r _
        read -r _ size _ free _ || exit 0
        [ $((free * 50)) -ge "$size" ] || [ "$free" -ge 1048576 ]
    }
}
lacking() {
    missing=""
    for need in ${HEALTH_NEEDS:-}; do
        case $need in
            /*) has_room "$need" || missing="${missing:+$missing; }$need: the disk is full" ;;
            *) timeout 2 bash -c ": < /dev/tcp/${need%:*}/${need#*:}" 2> /dev/null || missing="${missing:+$missing; }${need%:*} cannot be reached" ;;
        esac
    done
    [ -z "$missing" ] || { echo "$missing"; return 1; }
}
tell() { echo "$1" > "${HEALTH_LOG:-/proc/1/fd/2}" || echo "$1"; }

said=$(timeout -k 1 12 "$@" 2>&1)
code=$?
silent_now=""
case $code in
    0) said=$(lacking) || code=2 ;;
    1 | 124 | 137) silent_now=yes ;;
    *) missing=$(lacking) || said="${said:+$said; }$missing" ;;
esac
[ -z "$said" ] || echo "$said"
read -r now _ < /proc/uptime
now=${now%.*}
answered="" asked=""
[ ! -r "$seen" ] || read -r answered asked < "$seen"

if [ "$code" -eq 0 ]; then
    echo "$now $now" > "$seen"
    exit 0 # also where /tmp is full, and nothing can be written down
fi
[ -n "$silent_now" ] || answered=$now
[ -n "$answered" ] || exit 1
[ -z "$said" ] || tell "health check: $said"
[ $((now - ${asked:-$now})) -le 120 ] || answered=$now
echo "$answered $now" > "$seen"
silent=$((now - answered))
[ "$silent" -ge "$hangs_after" ] || exit 1
signal=TERM
[ "$silent" -lt "$killed_after" ] || signal=KILL
tell "health check: no answer for $silent seconds; SIG$signal to every process, so that Docker starts the service again"
${KILL:-kill} "-$signal" -1
exit 1
