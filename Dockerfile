# One image for every command of this repository: a pipeline, the flow, the vendor's mock, the Prefect server or worker.
# Root's file system may be read-only: what a run writes goes to /data and /tmp.
# The base's name stands in both places: Dependabot does not follow an ARG.
FROM docker.io/library/python:3.11-slim AS build
WORKDIR /app
COPY requirements.image.lock ./
# A pip of its own installs into the environment that is shipped, which has none.
RUN python3 -m venv /opt/pip && python3 -m venv --without-pip /opt/venv \
    && /opt/pip/bin/python -m pip --python /opt/venv/bin/python install --quiet --disable-pip-version-check \
        --no-cache-dir --require-hashes --no-deps --only-binary :all: --requirement requirements.image.lock
COPY . ./
# In place, as `make setup` does: dlt finds our settings by the entry point. The lock says with which build tool.
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
# A worker answers on 8080; what else runs says by itself how it ends (compose.yaml asks the servers in their own way).
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/health', timeout=4)"]
CMD ["python", "flows/elt.py"]
