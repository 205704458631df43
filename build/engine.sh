#!/usr/bin/env bash
# Builds the engine; runs among the toolchain's programs (build/toolchain.sh run build/engine.sh ...).
#
#   build/engine.sh wasm     engine.wasm (zero imports, the C ABI only) and engine.metered.wasm (imports its memory and
#                            burns fuel), in wasm/engine/target/framegate, to be sealed and checked
#   build/engine.sh native   dist/libframegate-linux-{x64,arm64}.so
set -euo pipefail

repository=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
crate=$repository/wasm/engine
dist=$repository/dist
export CARGO_TARGET_DIR=$crate/target
out=$CARGO_TARGET_DIR/framegate
mkdir -p "$dist" "$out"
. "$repository/build/rust.sh"

# The export by which wasm-bindgen's program recognises a crate as its own; nothing calls it and it is dropped below.
anchor=framegate_wasm_bindgen_anchor

# What the toolchain's default target has, except that reference types and multivalue are not needed once the glue is gone.
features=(--mvp-features --enable-mutable-globals --enable-sign-ext --enable-bulk-memory --enable-nontrapping-float-to-int)
strip=(--strip-debug --strip-producers --strip-target-features)

wasm() {
  local raw=$out/pkg/framegate_bg.wasm pages
  linking=(--import-memory --export-memory)
  wasm_pack "$crate" "$out/pkg" web --no-typescript

  # wasm-bindgen adds an import (__wbindgen_init_externref_table), its caller and a table. What the C ABI does not
  # reach goes, and those with it. The memory, which it imports from the glue, comes from a module merged below.
  keep_exports "$raw" "$out/c-abi.wasm" 'framegate_.*\|__stack_pointer' --enable-reference-types --enable-multivalue
  pages=$(wasm-dis "$raw" | sed -n 's/^ (import "[^"]*" "memory" (memory [^ ]* \([0-9]*\)))$/\1/p')

  echo "(module (memory (export \"memory\") $pages))" >"$out/memory.wat"
  wasm-merge "${features[@]}" "$out/c-abi.wasm" engine "$out/memory.wat" ./framegate_bg.js -o "$out/merged.wasm"
  wasm-opt "${features[@]}" -O3 "${strip[@]}" "$out/merged.wasm" -o "$out/engine.wasm"

  # Optimised before as after: what is metered is what runs. The memory that a host gives must be a fresh one, all
  # zeros, or the zeros among the data would have to be in the file (8 kB of them).
  echo "(module (memory (export \"memory\") (import \"env\" \"memory\") $pages))" >"$out/memory.wat"
  wasm-opt "${features[@]}" -O3 --log-execution=fuel "$out/c-abi.wasm" -o "$out/logging.wasm"
  wasm-merge "${features[@]}" "$out/logging.wasm" engine "$out/memory.wat" ./framegate_bg.js "$repository/build/fuel.wat" fuel -o "$out/merged.wasm"
  keep_exports "$out/merged.wasm" "$out/metered.wasm" 'framegate_.*\|__stack_pointer\|memory'
  wasm-opt "${features[@]}" -O3 --zero-filled-memory "${strip[@]}" "$out/metered.wasm" -o "$out/engine.metered.wasm"
}

# Drops the exports whose names do not match, the anchor, and what only they reach.
keep_exports() { # keep_exports MODULE OUT NAMES FEATURE ...
  local module=$1 kept=$2 names=$3 exports
  exports=$(wasm-dis "$module" | sed -n "s/^ (export \"\($names\)\".*/\1/p" | grep -vx "$anchor")
  {
    printf '[{"name":"C ABI","root":true,"reaches":['
    sed 's/.*/"&"/' <<<"$exports" | paste -sd,
    printf ']}'
    sed 's/.*/,{"name":"&","export":"&"}/' <<<"$exports"
    printf ']'
  } >"$out/c-abi.json"
  wasm-metadce "${features[@]}" "${@:4}" --quiet --graph-file "$out/c-abi.json" "$module" -o "$kept" >/dev/null
}

native() {
  local name target
  local -A targets=([x64]=x86_64-unknown-linux-gnu [arm64]=aarch64-unknown-linux-gnu)
  export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
  set_rustflags "$crate" -Cstrip=symbols
  (cd "$crate" && cargo build --quiet --locked --lib --release "${targets[@]/#/--target=}")
  for name in "${!targets[@]}"; do
    target=${targets[$name]}
    cp "$CARGO_TARGET_DIR/$target/release/libframegate.so" "$out/$name.so"
    "$repository/build/check-glibc.sh" "$out/$name.so"
    mv "$out/$name.so" "$dist/libframegate-linux-$name.so"
  done
}

"$@"
