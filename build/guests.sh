#!/usr/bin/env bash
# Builds the guests that only the tests need.
#
#   build/guests.sh rust              .cache/guests/probe-rust/, among the toolchain's programs (build/toolchain.sh run ...)
#   build/guests.sh assemblyscript    .cache/guests/probe-assemblyscript.wasm, with npm's packages
set -euo pipefail

repository=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
guests=$repository/.cache/guests
mkdir -p "$guests"
. "$repository/build/rust.sh"

rust() {
  local crate=$repository/wasm/probe-rust
  export CARGO_TARGET_DIR=$crate/target
  wasm_pack "$crate" "$guests/probe-rust" bundler
}

assemblyscript() {
  local out=$guests/probe-assemblyscript.wasm
  # Relative, because an abort names the source file.
  cd "$repository/wasm/probe-assemblyscript"
  "$repository/node_modules/.bin/asc" assembly/index.ts --outFile "$out.making" -O2 --runtime incremental --exportRuntime
  mv "$out.making" "$out"
}

"$@"
