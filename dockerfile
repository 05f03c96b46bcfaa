# Airflow with the pipeline's code. The locked packages, Airflow's own included, go into an environment of
# their own: installed over the base image's, they would leave its other providers with versions they refuse.
FROM apache/airflow:3.3.2-python3.13 AS dependencies
ARG UV_VERSION=0.13.9
USER root
RUN python -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir "uv==${UV_VERSION}"
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never UV_CACHE_DIR=/root/.cache/uv
COPY requirements.txt /tmp/requirements.txt
RUN --mount=type=cache,target=/root/.cache/uv \
    /opt/uv/bin/uv venv --python python3.13 /opt/platform \
    && /opt/uv/bin/uv pip install --python /opt/platform/bin/python --require-hashes -r /tmp/requirements.txt

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
ARG GIT_REVISION=""
ENV GIT_REVISION=${GIT_REVISION}
