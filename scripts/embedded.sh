#!/bin/sh
# Runs a command of the embedded platform, or says why there is nobody to run it. First argument: the Python of .venv.
python=$1; shift
[ ! -x "$python" ] || exec "$python" -m readmission.local "$@"
if [ -e "${STATE_DIR:-var}/run/supervisord.json" ]; then
    echo "services were started here, but $python is gone: make install, then make $1" >&2
    exit 1
fi
case "$*" in down | *--if-running) exit 0 ;; esac
echo "nothing is installed here, so nothing runs without containers: make demo" >&2
exit 1
