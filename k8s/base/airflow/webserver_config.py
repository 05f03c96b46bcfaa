# What Airflow's log-in is told beyond its environment (AIRFLOW__FAB__…). Mounted read-only, in Docker too.
import os

from flask_appbuilder.const import AUTH_DB

AUTH_TYPE = AUTH_DB
# Accounts are made by the admin alone.
AUTH_USER_REGISTRATION = False
# The tries of a log-in are counted in memory: the API server is one process (AIRFLOW__API__WORKERS), and one pod.
RATELIMIT_STORAGE_URI = "memory://"
# Browsers send the session over TLS alone where people come over TLS.
SESSION_COOKIE_SECURE = os.environ["AIRFLOW__API__BASE_URL"].startswith("https:")
