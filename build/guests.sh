#!/usr/bin/env bash
# Builds the guests that only the tests need.
#
#   build/guests.sh rust              .cache/guests/probe-rust/, among the toolchain's programs (build/toolchain.sh run ...)
#   build/guests.sh assemblyscript    .cache/guests/probe-assemblyscript.wasm, with npm's packages
#   build/guests.sh operator LANGUAGE .cache/guests/operator-LANGUAGE.wasm: assemblyscript, with npm's packages; c or rust,
#                                     among the toolchain's programs
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

# None imports anything, and the memory of all can grow: a host puts the texts into pages that it adds.
operator() {
  local out=$guests/operator-$1.wasm linker=()
  cd "$repository/wasm/operator"
  case $1 in
    assemblyscript)
      "$repository/node_modules/.bin/asc" assembly/index.ts --outFile "$out.making" -O3 --noAssert --runtime stub --use abort= --initialMemory 1
      ;;
    c)
      emcc -std=gnu17 -Wall -Wextra -Wpedantic -Werror -Wmissing-prototypes -Wshadow -O2 --no-entry \
        -sALLOW_MEMORY_GROWTH -sINITIAL_HEAP=64KB -sSTACK_SIZE=16KB -sFILESYSTEM=0 -sEXPORTED_FUNCTIONS=_framegate_operator \
        glob.c -o "$out.making.wasm"
      mv "$out.making.wasm" "$out.making"
      ;;
    rust)
      if command -v wasm-ld >/dev/null; then linker=(-Clinker=wasm-ld); fi
      rustc --edition 2024 --target wasm32-unknown-unknown --crate-type cdylib -Copt-level=2 -Cpanic=abort -Cstrip=symbols \
        "${linker[@]}" -Clink-arg=-zstack-size=16384 -Clink-arg=--stack-first glob.rs -o "$out.making"
      ;;
  esac
  mv "$out.making" "$out"
}

"$@"
