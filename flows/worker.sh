# What a container of the worker does: tell the server what is to run and when, as this commit has it, then run it.
set -eu
prefect work-pool create elt --type process --overwrite
prefect --no-prompt deploy --all
exec prefect worker start --pool elt --type process --with-healthcheck
