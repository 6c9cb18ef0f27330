#!/bin/bash
# Follows a job and, whenever the connection ends before the job does, attaches again after the last event it saw:
# no event is missed and none comes twice. Prints every event as a line of JSON. Needs nc (netcat-openbsd) and jq.
# usage: watch-job.sh JOB [SINCE]
set -euo pipefail
socket=${FINETUNED_SOCKET:-${XDG_RUNTIME_DIR:-}/finetuned.sock}
[ -n "${FINETUNED_SOCKET:-}" ] || [ -S "$socket" ] || socket=/run/finetuned/finetuned.sock
job=$1 seen=${2:-0}
pid=
trap 'kill "$pid" 2>/dev/null || true' EXIT

while true; do
    coproc service { exec nc -U "$socket" 2>/dev/null; }
    pid=$!
    # A daemon that is just starting does not listen yet.
    [ -n "${service[0]-}" ] || { sleep 0.2; continue; }
    exec {from}<&"${service[0]}" {to}>&"${service[1]}"
    jq -nc --arg job "$job" --argjson since "$seen" \
        '{jsonrpc: "2.0", id: 1, method: "job.watch", params: {job: $job, since: $since}}' >&"$to" || true
    while read -r line <&"$from"; do
        case $line in
        *'"method":"job.event"'*)
            jq -c '.params | del(.request)' <<<"$line"
            seen=$(jq '.params.seq' <<<"$line")
            ;;
        *'"id":1'*)
            jq -e '.result' <<<"$line" >/dev/null && exit 0
            # A daemon that stops answers so; the job goes on when it is back.
            [ "$(jq -r '.error.data.kind' <<<"$line")" = shutting_down ] && break
            jq -r '.error | "\(.data.kind): \(.message)"' <<<"$line" >&2
            exit 1
            ;;
        esac
    done
    exec {from}<&- {to}>&-
    wait "$pid" 2>/dev/null || true
    sleep 0.2
done
