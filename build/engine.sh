#!/usr/bin/env bash
# Builds the engine; runs among the toolchain's programs (build/toolchain.sh run build/engine.sh ...).
#
#   build/engine.sh wasm     dist/engine.wasm, zero imports, the C ABI only
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

wasm() {
  local raw=$out/pkg/framegate_bg.wasm features exports
  wasm_pack "$crate" "$out/pkg" web --no-typescript

  # wasm-bindgen adds an import (__wbindgen_init_externref_table), its caller and a table. What the C ABI does not
  # reach goes, and those with it.
  exports=$(wasm-dis "$raw" | sed -n "s/^ (export \"\(framegate_[^\"]*\|memory\|__stack_pointer\)\".*/\1/p" | grep -vx "$anchor")
  {
    printf '[{"name":"C ABI","root":true,"reaches":['
    sed 's/.*/"&"/' <<<"$exports" | paste -sd,
    printf ']}'
    sed 's/.*/,{"name":"&","export":"&"}/' <<<"$exports"
    printf ']'
  } >"$out/c-abi.json"
  # What rustc's default target has, except that reference types and multivalue are not needed once the glue is gone.
  features=(--mvp-features --enable-mutable-globals --enable-sign-ext --enable-bulk-memory --enable-nontrapping-float-to-int)
  wasm-metadce "${features[@]}" --enable-reference-types --enable-multivalue --quiet --graph-file "$out/c-abi.json" "$raw" -o "$out/c-abi.wasm" >/dev/null
  wasm-opt "${features[@]}" -O3 --strip-debug --strip-producers --strip-target-features "$out/c-abi.wasm" -o "$out/engine.wasm"
  mv "$out/engine.wasm" "$dist/engine.wasm"
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
