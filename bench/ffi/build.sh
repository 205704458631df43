#!/usr/bin/env bash
# Builds the functions whose calls are measured, as .cache/bench/{calls.wasm,libcalls.so}; runs among the toolchain's
# programs (build/toolchain.sh run bench/ffi/build.sh).
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
repository=$(dirname "$(dirname "$here")")
out=$repository/.cache/bench
mkdir -p "$out"
# Relative, so that no path of this machine gets into the files.
cd "$here"

flags=(-std=gnu17 -Wall -Wextra -Werror -O3)
names=$(grep -o '\bcalls_[a-z0-9_]*(' calls.c | tr -d '(' | sort -u | sed 's/^/_/' | paste -sd,)

emcc "${flags[@]}" calls.c ../../wasm/probe/no-imports.c --no-entry -sFILESYSTEM=0 -sALLOW_MEMORY_GROWTH \
  -sINITIAL_HEAP=8MB -sSTACK_SIZE=1MB -Wl,--stack-first -Wl,--export=__stack_pointer -sALLOW_TABLE_GROWTH \
  "-sEXPORTED_FUNCTIONS=$names,_malloc,_free" -o "$out/calls.wasm"
gcc "${flags[@]}" -fPIC -shared -s -Wl,--no-undefined calls.c -o "$out/libcalls.so"
