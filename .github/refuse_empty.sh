#!/bin/sh
# Ends a job in one line for each variable or secret of GitHub that is empty: an environment's value that was never set is an
# empty string, and a command that gets one fails late or does something else. `null` is what jq prints for what is not there.
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
