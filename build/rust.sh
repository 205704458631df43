# What all Rust guests' builds share; sourced by the scripts that build them, with $repository set.

# rustc's flags for a crate, with what all targets share. Panic messages name source files: the same names on every
# machine, so that the same sources give the same bytes. (Encoded, because a path can have spaces.)
set_rustflags() { # set_rustflags CRATE FLAG ...
  local crate=$1 flags=("${@:2}" "--remap-path-prefix=$repository=framegate") folder
  (cd "$crate" && cargo fetch --quiet --locked)
  for folder in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/; do
    flags+=("--remap-path-prefix=${folder%/}=crates")
  done
  CARGO_ENCODED_RUSTFLAGS=$(printf '\x1f%s' "${flags[@]}" | cut -c2-)
  export CARGO_ENCODED_RUSTFLAGS
}

# wasm-bindgen's program refuses a crate locked at another version. Where the program is newer than Cargo.lock, the
# build goes on in a copy of the crate locked at the program's version.
matching_crate() { # matching_crate CRATE COPY
  local crate=$1 copy=$2 name program locked
  name=${crate#"$repository/"}
  program=$(wasm-bindgen --version | cut -d' ' -f2)
  locked=$(grep -A1 '^name = "wasm-bindgen"$' "$crate/Cargo.lock" | sed -n 's/^version = "\(.*\)"/\1/p')
  if [ "$program" = "$locked" ]; then
    echo "$crate"
    return
  fi
  echo "$name: wasm-bindgen is $program, Cargo.lock has $locked: building with the crate at $program." >&2
  echo "$name: to keep it so, write =$program in $name/Cargo.toml and run cargo update --workspace there." >&2
  rm -rf "$copy" && mkdir -p "$copy"
  tar -C "$crate" --exclude=./target -cf - . | tar -C "$copy" -xf -
  sed -i 's/^\(wasm-bindgen = .*"\)=[0-9.]*"/\1='"$program"'"/' "$copy/Cargo.toml"
  (cd "$copy" && cargo update --quiet --workspace) >&2 || {
    echo "$name: cargo knows no crate wasm-bindgen $program; a toolchain with wasm-bindgen $locked is needed" >&2
    exit 1
  }
  echo "$copy"
}

# Builds a crate by wasm-pack: glue of the target named, and the module beside it. rustc gets the options in the array
# `compiling` too, wasm-ld those in `linking`.
wasm_pack() { # wasm_pack CRATE OUT TARGET OPTION ...
  local crate=$1 out=$2 target=$3 source
  source=$(matching_crate "$crate" "$crate/target/relocked")
  # 192 KiB of stack: experiments that ask for groups below 300 nested gates, with an expression searched for below them,
  # take up to 141 kB of it. (Loading takes more, and has a stack of its own: build/load-data.ts.) More would
  # be address space that V8 counts for each of a thousand instances, and collects garbage for. It lies at the bottom of
  # memory: an overflow traps below address zero and cannot reach the data.
  set_rustflags "$source" "${compiling[@]}" -Clink-arg=-zstack-size=196608 -Clink-arg=--stack-first -Clink-arg=--export=__stack_pointer "${linking[@]/#/-Clink-arg=}"
  # Debian's rustc has no linker of its own for WebAssembly, rustup's has.
  if command -v wasm-ld >/dev/null; then export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld; fi
  wasm-pack --quiet build "$source" --mode no-install --target "$target" --no-pack --out-dir "$out" "${@:4}" -- --locked
}
