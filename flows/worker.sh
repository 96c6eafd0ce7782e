# Deploys prefect.yaml of this commit and runs a worker: `make worker` on a laptop, the command of the container.
set -eu
cd "$(dirname "$0")/.."
if [ -x .venv/bin/python ]; then PATH="$PWD/.venv/bin:$PATH"; fi
data=${MAILBLAZE_DATA_DIR:-.data}
case $data in
/*) ;;
"~/"*) data=$HOME/${data#"~/"} ;;
"~"*) echo "✗ MAILBLAZE_DATA_DIR is '$data': give its path without ~" >&2 && exit 1 ;;
*) data=$PWD/$data ;;
esac
umask 077
export PATH MAILBLAZE_DATA_DIR="$data" MAILBLAZE_CODE="${MAILBLAZE_CODE:-$PWD}" MAILBLAZE_ENV="${MAILBLAZE_ENV:-local}"
# The hour of the full build has no hourly run. Terraform sets other schedules for a worker that is stopped at night.
export MAILBLAZE_HOURLY_CRON="${MAILBLAZE_HOURLY_CRON:-15 0-2,4-23 * * *}"
export MAILBLAZE_FULL_BUILD_CRON="${MAILBLAZE_FULL_BUILD_CRON:-15 3 * * *}"
# Ignore the profiles of other projects. Only this machine or container can reach the worker's health check.
unset PREFECT_PROFILE
export PREFECT_HOME="${PREFECT_HOME:-$data/prefect}" PREFECT_PROFILES_PATH="$data/prefect/profiles.toml"
export PREFECT_WORKER_WEBSERVER_HOST="${PREFECT_WORKER_WEBSERVER_HOST:-127.0.0.1}"
# Prefect's worker makes a folder of a fixed name in the temporary folder, where another user's worker may have one.
mkdir -p "$data/prefect/tmp"
export TMPDIR="$data/prefect/tmp"
# Loopback is reached without a proxy.
export NO_PROXY="127.0.0.1,localhost,::1${NO_PROXY:+,$NO_PROXY}" no_proxy="127.0.0.1,localhost,::1${no_proxy:+,$no_proxy}"
# The address of the API, then the proxy variables that no client here can use: one of them would stop every client.
found=$(python -m flows.orchestration.worker_api)
PREFECT_API_URL=${found%%[[:space:]]*}
export PREFECT_API_URL
for name in ${found#"$PREFECT_API_URL"}; do unset "$name"; done
case $PREFECT_API_URL in http://127.0.0.1:* | http://localhost:*) unset PREFECT_API_KEY ;; esac
# An empty setting counts as unset: Terraform may set one of Prefect's two secrets and leave the other empty. The line
# feed at the end of a secret comes from its file.
PREFECT_API_KEY=$(printf %s "${PREFECT_API_KEY:-}") PREFECT_API_AUTH_STRING=$(printf %s "${PREFECT_API_AUTH_STRING:-}")
export PREFECT_API_KEY PREFECT_API_AUTH_STRING
if [ -z "$PREFECT_API_KEY" ]; then unset PREFECT_API_KEY; fi
if [ -z "$PREFECT_API_AUTH_STRING" ]; then unset PREFECT_API_AUTH_STRING; fi
prefect work-pool create elt --type process --overwrite
prefect --no-prompt deploy --all
# One run at a time. Runs that are due meanwhile wait, and the next run does their work
# (flows/orchestration/other_runs.py).
exec prefect worker start --pool elt --type process --limit 1 --with-healthcheck
