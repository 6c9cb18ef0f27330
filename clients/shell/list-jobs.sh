#!/bin/sh
# Lists jobs without any client: one line of JSON out, one line back. Needs nc (netcat-openbsd) and jq.
# usage: list-jobs.sh [STATE]
set -eu
socket=${FINETUNED_SOCKET:-${XDG_RUNTIME_DIR:-}/finetuned.sock}
[ -n "${FINETUNED_SOCKET:-}" ] || [ -S "$socket" ] || socket=/run/finetuned/finetuned.sock

jq -nc --arg state "${1:-}" \
    '{jsonrpc: "2.0", id: 1, method: "job.list", params: (if $state == "" then {} else {states: [$state]} end)}' |
    nc -U -N "$socket" |
    jq -r 'if .error then error(.error.message) else .result.jobs[] | [.id, .state, .output_dir] | @tsv end'
