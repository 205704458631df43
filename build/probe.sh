#!/usr/bin/env bash
# Builds the probe; runs among the toolchain's programs (build/toolchain.sh run build/probe.sh ...).
#
#   build/probe.sh wasm      dist/probe.wasm, zero imports
#   build/probe.sh native    dist/libprobe-linux-{x64,arm64}.so
#   build/probe.sh factory   .cache/guests/probe-factory.{mjs,wasm}, with Emscripten's own JavaScript
set -euo pipefail

build=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
repository=$(dirname "$build")
# Relative, so that no path of this machine gets into the files.
cd "$repository/wasm/probe"
dist=$repository/dist
guests=$repository/.cache/guests
out=$repository/.cache/probe
mkdir -p "$dist" "$guests" "$out"

sources=(scalars.c structs.c allocations.c text.c buffers.c callbacks.c counter.c faults.c)
warnings=(-std=gnu17 -Wall -Wextra -Wpedantic -Werror -Wmissing-prototypes -Wshadow)

exports() { grep -v -e '^#' -e '^$' "$build/probe.exports"; }

# The list is written by hand, so that a function cannot come or go unnoticed.
check_exports() {
  local prototypes
  prototypes=$(sed -e '/^#ifndef __wasm__/,/^#endif/d' -e 's,^ *[/ ]\*.*,,' probe.h | tr '\n' ' ' | tr ';' '\n' | grep -v typedef | grep -o '\bprobe_[a-z0-9_]*(' | tr -d '(')
  diff <(sort <<<"$prototypes") <(exports | sort) >&2 || {
    echo 'probe: wasm/probe/probe.h (<) and build/probe.exports (>) differ' >&2
    exit 1
  }
}

emscripten() {
  local names
  names=$(exports | sed 's/^/_/' | paste -sd,)
  local flags=(
    -O2 -sALLOW_MEMORY_GROWTH -sMAXIMUM_MEMORY=4GB -sINITIAL_HEAP=1MB -sFILESYSTEM=0
    "-sEXPORTED_FUNCTIONS=$names,_malloc,_free"
    # One MiB of stack, at the bottom of memory: an overflow then traps below address zero and cannot reach the data.
    -sSTACK_SIZE=1MB -Wl,--stack-first -Wl,--export=__stack_pointer
    # Callbacks are put into the module's own table.
    -sALLOW_TABLE_GROWTH
  )
  emcc "${warnings[@]}" "${flags[@]}" "$@"
}

wasm() {
  check_exports
  emscripten "${sources[@]}" no-imports.c --no-entry -o "$out/probe.wasm"
  if wasm-dis "$out/probe.wasm" | grep '^ (import'; then
    echo 'probe: the module must import nothing' >&2
    exit 1
  fi
  mv "$out/probe.wasm" "$dist/probe.wasm"
}

native() {
  local name
  local -A compilers=([x64]=gcc [arm64]=aarch64-linux-gnu-gcc)
  for name in "${!compilers[@]}"; do
    "${compilers[$name]}" "${warnings[@]}" -O2 -fPIC -shared -s -pthread -Wl,--no-undefined \
      -Wl,--version-script=probe.map "${sources[@]}" race.c -o "$out/$name.so"
    "$build/check-glibc.sh" "$out/$name.so"
    mv "$out/$name.so" "$dist/libprobe-linux-$name.so"
  done
}

# With -O3, which shortens the names of exports and drops the table unless wasmTable is asked for.
# Without -sWASM_ASYNC_COMPILATION=0: with it, Emscripten 6 cannot be handed a compiled module (instantiateWasm).
factory() {
  emscripten "${sources[@]}" -O3 -sMODULARIZE -sEXPORT_ES6 -sENVIRONMENT=node,web \
    -sEXPORTED_RUNTIME_METHODS=ccall,cwrap,UTF8ToString,HEAPU8,wasmTable -o "$out/probe-factory.mjs"
  mv "$out"/probe-factory.{mjs,wasm} "$guests/"
}

"$@"
