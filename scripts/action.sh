#!/usr/bin/env bash
# The one step of action.yml: turns INPUT_* variables into arguments, runs `ttorrent get`, and writes the step's outputs. Nothing that came
# in is ever read by a shell. Works in bash 3.2, which macOS has.
set -euo pipefail

program=$GITHUB_ACTION_PATH/dist/ttorrent.mjs
if [[ ! -f $program ]]; then
  (cd "$GITHUB_ACTION_PATH" && node scripts/run.mjs build) >&2
fi

arguments=(get)
# An empty input is one that was not given, as GitHub has it; an expression in a workflow may well come to nothing.
if [[ -n $INPUT_OUTPUT ]]; then arguments+=("--output=$INPUT_OUTPUT"); fi
if [[ -n $INPUT_DEADLINE ]]; then arguments+=("--deadline=$INPUT_DEADLINE"); fi
if [[ -n $INPUT_CHECKSUM ]]; then arguments+=("--checksum=$INPUT_CHECKSUM"); fi
while IFS= read -r selector; do
  if [[ -n $selector ]]; then arguments+=("--select=$selector"); fi
done <<<"$INPUT_SELECT"
while IFS= read -r argument; do
  if [[ -n $argument ]]; then arguments+=("$argument"); fi
done <<<"$INPUT_ARGS"

code=0
paths=$(node "$program" "${arguments[@]}" -- "$INPUT_TORRENT") || code=$?

# A file name could hold any word, so the word that ends the list is one that nobody can foresee.
delimiter=$(node -p 'crypto.randomUUID()')
{
  printf 'exit-code=%d\n' "$code"
  printf 'paths<<%s\n%s\n%s\n' "$delimiter" "$paths" "$delimiter"
} >>"$GITHUB_OUTPUT"
exit "$code"
