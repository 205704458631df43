#!/usr/bin/env bash
# Prints the sizes of built files, raw and gzipped. engine.wasm is to stay at or under 250 kB gzipped.
set -euo pipefail
for file in "$@"; do
  printf '%-36s %9d bytes, %8d gzipped\n' "$file" "$(wc -c <"$file")" "$(gzip -9 --stdout "$file" | wc -c)"
done
