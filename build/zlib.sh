#!/usr/bin/env bash
# Builds zlib for the tests, from the Debian source package: a library that nobody here wrote.
#
#   build/zlib.sh fetch     .cache/guests/zlib/, the source package's tar file; by apt, from the archive that the machine uses
#   build/zlib.sh wasm      .cache/guests/zlib.wasm, among the toolchain's programs (build/toolchain.sh run ...)
set -euo pipefail

self=$(readlink -f "${BASH_SOURCE[0]}")
repository=$(dirname "$(dirname "$self")")
guests=$repository/.cache/guests
folder=$guests/zlib
mkdir -p "$folder"

# The machine's apt gives the source of the libz.so.1 that it has; where there is none, the toolchain's root has one.
fetch() {
  if [ -z "${FRAMEGATE_DEBIAN_MIRROR:-}" ] && command -v apt-get >/dev/null; then
    download
  else
    "$repository/build/toolchain.sh" run "$self" download
  fi
}

# apt's own files are not touched: it gets the same sources, but of source packages, and keeps its lists here.
download() {
  local apt=$folder/apt file
  rm -rf "$apt" && mkdir -p "$apt/sources" "$apt/lists/partial" "$apt/cache/archives/partial"
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ ! -f "$file" ] || sed -n 's/^deb\([[:space:]]\)/deb-src\1/p' "$file" >"$apt/sources/$(basename "$file")"
  done
  for file in /etc/apt/sources.list.d/*.sources; do
    [ ! -f "$file" ] || sed 's/^Types:.*/Types: deb-src/' "$file" >"$apt/sources/$(basename "$file")"
  done
  cat >"$apt/apt.conf" <<END
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "$apt/sources";
Dir::State::Lists "$apt/lists";
Dir::Cache "$apt/cache";
APT::Sandbox::User "root";
END
  export APT_CONFIG=$apt/apt.conf
  cd "$folder"
  rm -f zlib_*
  # An archive without source packages is no reason to stop; without any, the next command says so.
  apt-get -qq update >&2 || true
  apt-get -qq source --download-only zlib >&2 || {
    echo "zlib: apt found no source package; is there a network, and an archive with source packages?" >&2
    exit 1
  }
  rm -rf "$apt"
  # Debian's patches concern its own build and minizip, not the library.
  mv zlib_*.orig.tar.* source.tar
  rm -f zlib_*
}

wasm() {
  local names=(adler32 compress crc32 deflate inffast inflate inftrees trees uncompr zutil)
  cd "$folder"
  rm -rf tree && mkdir tree
  # Emscripten brings a Python, which knows every compression that Debian uses.
  python3 -c 'import tarfile; tarfile.open("source.tar").extractall("tree", filter="data")'
  cd tree/*/
  # A build as anybody would make it: it imports what Emscripten has it import. Prototypes are missing in zlib up to 1.2.
  emcc -O2 -std=gnu17 -Wno-deprecated-non-prototype "${names[@]/%/.c}" --no-entry -o zlib.wasm \
    -sEXPORTED_FUNCTIONS=_compress2,_uncompress,_compressBound,_crc32,_zlibVersion,_malloc,_free \
    -sALLOW_MEMORY_GROWTH -sSTACK_SIZE=256KB -Wl,--stack-first
  mv zlib.wasm "$guests/zlib.wasm"
  rm -rf "$folder/tree"
}

"$@"
