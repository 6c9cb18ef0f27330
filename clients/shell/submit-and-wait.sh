#!/bin/bash
# Submits a YAML file and waits for the job's end. Needs nc (netcat-openbsd) and jq.
# usage: submit-and-wait.sh FILE [KEY=VALUE...]      exit status: 0 succeeded, 1 failed or cancelled, 78 refused
#
# The client token makes the submission safe to repeat: if the answer is lost, the same line makes no second job.
set -euo pipefail
socket=${FINETUNED_SOCKET:-${XDG_RUNTIME_DIR:-}/finetuned.sock}
[ -n "${FINETUNED_SOCKET:-}" ] || [ -S "$socket" ] || socket=/run/finetuned/finetuned.sock
file=$1
shift

[ -S "$socket" ] || { echo "no daemon at $socket" >&2; exit 69; }
coproc service { exec nc -U "$socket"; }
pid=$!
# A copy of its own, for bash takes the array away when the program ends.
exec {from}<&"${service[0]}" {to}>&"${service[1]}"
trap 'kill "$pid" 2>/dev/null || true' EXIT

jq -nc --rawfile text "$file" --arg name "$file" --arg folder "$PWD" --arg token "shell-$$-$(date +%s%N)" \
    '{jsonrpc: "2.0", id: 1, method: "job.submit", params: {config: {text: $text, name: $name},
      overrides: $ARGS.positional, working_directory: $folder, client_token: $token}}' --args "$@" >&"$to"
read -r answer <&"$from"
if ! job=$(jq -er '.result.id' <<<"$answer"); then
    jq -r '.error | "refused: \(.data.kind): \(.message)"' <<<"$answer" >&2
    exit 78
fi
echo "job $job" >&2

jq -nc --arg job "$job" '{jsonrpc: "2.0", id: 2, method: "job.watch", params: {job: $job, since: 0}}' >&"$to"
while read -r line <&"$from"; do
    # Events come as notifications; the answer to the call comes when the job has ended.
    jq -e '.id == 2' <<<"$line" >/dev/null && break
    jq -r 'select(.params.kind == "progress") | .params.fields | select(.loss)
        | "step \(.step)/\(.total_steps) loss \(.loss)"' <<<"$line" >&2
done
jq -r '.result | "\(.state) \(.output_dir)"' <<<"$line"
jq -e '.result.state == "succeeded"' <<<"$line" >/dev/null
