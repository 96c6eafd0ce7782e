# One image for every command of this repository: a pipeline, the flow, the vendor's mock, the Prefect server or worker.
# The root file system may be read-only: a run writes to /data and /tmp.
# The base image is named twice, because Dependabot does not follow an ARG.
FROM docker.io/library/python:3.11-slim AS build
WORKDIR /app
COPY requirements.image.lock ./
# The environment that is shipped has no pip: a pip outside of it installs into it.
RUN python3 -m venv /opt/pip && python3 -m venv --without-pip /opt/venv \
    && /opt/pip/bin/python -m pip --python /opt/venv/bin/python install --quiet --disable-pip-version-check \
        --no-cache-dir --require-hashes --no-deps --only-binary :all: --requirement requirements.image.lock
COPY . ./
# An editable install, as in `make setup`: dlt finds our settings by the entry point. The lock pins the build tool.
RUN sed -nE 's/^([a-z0-9.-]+)(\[.*\])?(==[^ ;]+).*/\1\3/p' requirements.lock > /tmp/versions \
    && PIP_CONSTRAINT=/tmp/versions /opt/pip/bin/python -m pip --python /opt/venv/bin/python install --quiet \
        --disable-pip-version-check --no-cache-dir --no-deps --editable . \
    && /opt/venv/bin/python -m compileall -q /app \
    && rm requirements.image.lock requirements.lock

FROM docker.io/library/python:3.11-slim
ARG REVISION=unknown
LABEL org.opencontainers.image.title="MailBlaze data platform" \
    org.opencontainers.image.description="Pipelines, dbt and the Prefect worker in one image" \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.revision="${REVISION}"
RUN useradd --uid 10001 --user-group --home-dir /data --no-create-home --shell /usr/sbin/nologin mailblaze \
    && install --directory --owner=10001 --group=10001 --mode=0750 /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/data \
    MAILBLAZE_CODE=/app \
    MAILBLAZE_DATA_DIR=/data \
    PREFECT_HOME=/data/prefect \
    PREFECT_SERVER_ANALYTICS_ENABLED=false \
    DBT_TARGET_PATH=/data/dbt/target \
    DBT_LOG_PATH=/data/dbt/logs \
    DBT_SEND_ANONYMOUS_USAGE_STATS=false \
    DO_NOT_TRACK=1
WORKDIR /app
USER 10001:10001
VOLUME ["/data", "/tmp"]
# A worker answers on port 8080; other commands end with an exit code, and compose.yaml has the servers' own checks.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/health', timeout=4)"]
CMD ["python", "flows/elt.py"]
