# Airflow with the pipeline's code. The locked packages, Airflow's own included, go into an environment of
# their own: installed over the base image's, they would leave its other providers with versions they refuse.
FROM apache/airflow:3.3.2-python3.13 AS dependencies
USER root
ENV PIP_CACHE_DIR=/root/.cache/pip UV_CACHE_DIR=/root/.cache/uv
COPY supply/install.sh supply/requirements_uv.txt requirements.txt /tmp/
ARG PACKAGE_INDEX=""
RUN --mount=type=cache,target=/root/.cache \
    --mount=type=secret,id=package_authority --mount=type=secret,id=package_login \
    sh /tmp/install.sh /tmp/requirements.txt

FROM apache/airflow:3.3.2-python3.13
COPY --from=dependencies /opt/platform /opt/platform
ENV PATH=/opt/platform/bin:${PATH} \
    VIRTUAL_ENV=/opt/platform \
    PYTHONPATH=/opt/airflow \
    ORT_DISABLE_TELEMETRY=1 MLFLOW_DISABLE_TELEMETRY=true \
    AIRFLOW__CORE__LOAD_EXAMPLES=false
WORKDIR /opt/airflow
# A new named volume takes its owner from the folder it covers.
USER root
RUN install -d -o airflow -g root -m 0775 data data/Diabetes models var \
    && printf '#!/bin/sh\nexec python -m readmission.cli "$@"\n' > /opt/platform/bin/readmission \
    && chmod 0755 /opt/platform/bin/readmission
USER airflow
COPY --chown=airflow:0 connections ./connections
COPY --chown=airflow:0 readmission ./readmission
COPY --chown=airflow:0 dags ./dags
COPY compose/health.sh compose/airflow_health.sh /platform/
ARG GIT_REVISION=""
ENV GIT_REVISION=${GIT_REVISION}
