#!/bin/bash
# Answers many prompts through tunectl: one line of JSON for each line of text, in the same order. Needs tunectl and jq.
# usage: batch.sh MODEL [TUNECTL-OPTION|KEY=VALUE...] < prompts.txt > answers.jsonl
set -euo pipefail
model=$1
shift
prompts=$(mktemp)
trap 'rm -f "$prompts"' EXIT
cat >"$prompts"

# Both files have a line for every prompt; a line that failed has its error in place of the answer.
jq -Rc '{prompt: .}' <"$prompts" |
    "${TUNECTL:-tunectl}" generate --model "$model" --jsonl "$@" |
    jq -c --slurpfile asked <(jq -Rc . <"$prompts") -n \
        'foreach inputs as $line (-1; . + 1; {prompt: $asked[.], answer: $line.text, error: $line.error})'
