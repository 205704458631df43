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

# rustc's flags for a target, with what all targets share. Panic messages name source files: the same names on every
# machine, so that the same sources give the same bytes. (Encoded, because a path can have spaces.)
set_rustflags() {
  local flags=("$@" "--remap-path-prefix=$repository=framegate") folder
  (cd "$crate" && cargo fetch --quiet --locked)
  for folder in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/; do
    flags+=("--remap-path-prefix=${folder%/}=crates")
  done
  CARGO_ENCODED_RUSTFLAGS=$(printf '\x1f%s' "${flags[@]}" | cut -c2-)
  export CARGO_ENCODED_RUSTFLAGS
}

# The export by which wasm-bindgen's program recognises a crate as its own; nothing calls it and it is dropped below.
anchor=framegate_wasm_bindgen_anchor

# wasm-bindgen's program refuses a crate locked at another version. Where the program is newer than Cargo.lock, the
# build goes on in a copy of the crate locked at the program's version.
matching_crate() {
  local program locked copy=$out/relocked
  program=$(wasm-bindgen --version | cut -d' ' -f2)
  locked=$(grep -A1 '^name = "wasm-bindgen"$' "$crate/Cargo.lock" | sed -n 's/^version = "\(.*\)"/\1/p')
  if [ "$program" = "$locked" ]; then
    echo "$crate"
    return
  fi
  echo "engine: wasm-bindgen is $program, Cargo.lock has $locked: building with the crate at $program." >&2
  echo "engine: to keep it so, write =$program in wasm/engine/Cargo.toml and run cargo update --workspace there." >&2
  rm -rf "$copy" && mkdir -p "$copy"
  tar -C "$crate" --exclude=./target -cf - . | tar -C "$copy" -xf -
  sed -i 's/^\(wasm-bindgen = .*"\)=[0-9.]*"/\1='"$program"'"/' "$copy/Cargo.toml"
  (cd "$copy" && cargo update --quiet --workspace) >&2 || {
    echo "engine: cargo knows no crate wasm-bindgen $program; a toolchain with wasm-bindgen $locked is needed" >&2
    exit 1
  }
  echo "$copy"
}

wasm() {
  local source raw=$out/pkg/framegate_bg.wasm features exports
  source=$(matching_crate)
  # One MiB of stack, at the bottom of memory: an overflow then traps below address zero and cannot reach the data.
  set_rustflags -Clink-arg=-zstack-size=1048576 -Clink-arg=--stack-first -Clink-arg=--export=__stack_pointer
  # Debian's rustc has no linker of its own for WebAssembly, rustup's has.
  if command -v wasm-ld >/dev/null; then export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld; fi
  wasm-pack --quiet build "$source" --mode no-install --target web --no-typescript --no-pack --out-dir "$out/pkg" -- --locked

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
  local name target needs
  local -A targets=([x64]=x86_64-unknown-linux-gnu [arm64]=aarch64-unknown-linux-gnu)
  export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
  set_rustflags -Cstrip=symbols
  (cd "$crate" && cargo build --quiet --locked --lib --release "${targets[@]/#/--target=}")
  for name in "${!targets[@]}"; do
    target=${targets[$name]}
    cp "$CARGO_TARGET_DIR/$target/release/libframegate.so" "$out/$name.so"
    # Debian 12 and RHEL 9 have glibc 2.34 or newer.
    needs=$(readelf --version-info --wide "$out/$name.so" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n1)
    if [ "$(printf 'GLIBC_2.34\n%s\n' "$needs" | sort -V | tail -n1)" != GLIBC_2.34 ]; then
      echo "engine: the $name library needs $needs; it must run with glibc 2.34" >&2
      exit 1
    fi
    mv "$out/$name.so" "$dist/libframegate-linux-$name.so"
  done
}

"$@"
