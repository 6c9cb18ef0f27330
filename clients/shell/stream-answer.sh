#!/bin/bash
# Prints an answer of a model while it is being made. Needs socat and jq; Ctrl-C stops the model too.
# usage: stream-answer.sh MODEL PROMPT [KEY=VALUE...]
set -euo pipefail
socket=${FINETUNED_SOCKET:-${XDG_RUNTIME_DIR:-}/finetuned.sock}
[ -n "${FINETUNED_SOCKET:-}" ] || [ -S "$socket" ] || socket=/run/finetuned/finetuned.sock
model=$1 prompt=$2
shift 2

[ -S "$socket" ] || { echo "no daemon at $socket" >&2; exit 69; }
coproc service { exec socat - "UNIX-CONNECT:$socket"; }
pid=$!
exec {from}<&"${service[0]}" {to}>&"${service[1]}"
# The end of the connection frees what the call held.
trap 'kill "$pid" 2>/dev/null || true' EXIT

jq -nc --arg model "$model" --arg prompt "$prompt" --arg folder "$PWD" \
    '{jsonrpc: "2.0", id: 1, method: "generate", params: {model: $model, prompt: $prompt, stream: true,
      overrides: $ARGS.positional, working_directory: $folder}}' --args "$@" >&"$to"
# jq writes each piece at once and ends at the answer; a service's error becomes its own.
jq --unbuffered -nj 'label $done | inputs
    | if .method == "$/progress" then .params.value.text
      elif .id == 1 then (if .error then "\(.error.data.kind): \(.error.message)\n" | halt_error(1)
        else "\n", break $done end)
      else empty end' <&"$from"
