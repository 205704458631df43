#!/usr/bin/env bash
# Builds the engine; runs among the toolchain's programs (build/toolchain.sh run build/engine.sh ...).
#
#   build/engine.sh link     what build/load-data.ts makes load-data.wasm and load-data.wat from
#   build/engine.sh wasm     from these, engine.wasm (zero imports, the C ABI only) and engine.metered.wasm (imports its
#                            memory and burns fuel), to be sealed and checked
#   build/engine.sh native   dist/libframegate-linux-{x64,arm64}.so
#
# What it makes for WebAssembly is in wasm/engine/target/framegate; the Makefile has the steps between.
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

# What the toolchain's default target has, except that reference types and multivalue are not needed once the glue is
# gone; and SIMD, which every runtime has had since 2023.
features=(--mvp-features --enable-mutable-globals --enable-sign-ext --enable-bulk-memory --enable-nontrapping-float-to-int --enable-simd)
# What is called from one place alone stays a function of its own where it is not tiny: rustc has inlined what it wanted to,
# and what loads is kept apart on purpose (wasm/engine/src/load.rs).
optimised=(-O3 --one-caller-inline-max-function-size=50)
strip=(--strip-debug --strip-producers --strip-target-features)

# Leaves linked.wasm, from which build/load-data.ts reads what refers to what.
link() {
  compiling=(-Ctarget-feature=+simd128) # SHA-256 takes 210 ns a block with it, 340 without
  linking=(--import-memory --export-memory --emit-relocs)
  wasm_pack "$crate" "$out/pkg" web --no-typescript
  cp "$CARGO_TARGET_DIR/wasm32-unknown-unknown/release/framegate.wasm" "$out/linked.wasm"
}

wasm() {
  local raw=$out/load-data.wasm pages abi='framegate_.*\|__stack_pointer\|memory'

  # What the C ABI does not reach goes, and with it what wasm-bindgen's program would read. The memory, which the linker
  # lets it import, comes from a module merged below, and is as large as stack and data.
  keep_exports "$raw" "$out/c-abi.wasm" 'framegate[-_].*\|__stack_pointer' --enable-reference-types --enable-multivalue
  pages=$(<"$out/load-data.pages")

  echo "(module (memory (export \"memory\") $pages))" >"$out/memory.wat"
  merge "$out/c-abi.wasm"
  keep_exports "$out/merged.wasm" "$out/plain.wasm" "$abi"
  wasm-opt "${features[@]}" "${optimised[@]}" "${strip[@]}" "$out/plain.wasm" -o "$out/engine.wasm"

  # Optimised before as after: what is metered is what runs. The memory that a host gives must be a fresh one, all
  # zeros, or the zeros among the data would have to be in the file.
  echo "(module (memory (export \"memory\") (import \"env\" \"memory\") $pages))" >"$out/memory.wat"
  wasm-opt "${features[@]}" "${optimised[@]}" --log-execution=fuel "$out/c-abi.wasm" -o "$out/logging.wasm"
  merge "$out/logging.wasm" "$repository/build/fuel.wat" fuel
  keep_exports "$out/merged.wasm" "$out/metered.wasm" "$abi"
  wasm-opt "${features[@]}" "${optimised[@]}" --zero-filled-memory "${strip[@]}" "$out/metered.wasm" -o "$out/engine.metered.wasm"
}

# Links an engine with its memory, with the data that only loading needs and with what else is named, to merged.wasm.
merge() { # merge ENGINE [MODULE NAME] ...
  wasm-merge "${features[@]}" "$1" engine "$out/memory.wat" own "$out/load-data.wat" load-data "${@:2}" -o "$out/merged.wasm"
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
