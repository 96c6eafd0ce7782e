#!/bin/sh
# Fails a job with one line for each empty variable or secret of GitHub. A value that was never set is an empty string, with
# which a command fails late or does something else. jq prints `null` for a missing value.
#   refuse_empty.sh HOLDER vars.NAME secrets.NAME ...
# HOLDER is the GitHub environment, or `repository`. The values are in the environment variables of the same names.
set -eu
holder=$1
shift
status=0
for named in "$@"; do
  name=${named#*.}
  case $named in
    vars.*) kind=variable ;;
    secrets.*) kind=secret ;;
    *) echo "usage: $0 HOLDER vars.NAME secrets.NAME ..." >&2; exit 2 ;;
  esac
  eval "value=\${$name-}"
  if [ -z "$value" ] || [ "$value" = null ]; then
    place=$([ "$holder" = repository ] && echo "the repository" || echo "the GitHub environment $holder")
    option=$([ "$holder" = repository ] || echo " --env $holder")
    echo "::error::The $kind $name of $place is empty$([ -z "$value" ] || echo " (null)"). Type: gh $kind set $name$option (terraform/README.md says where its value comes from)"
    status=1
  fi
done
exit $status
