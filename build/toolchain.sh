#!/usr/bin/env bash
# The compilers framegate is built with, and the way a command is run among them.
#
#   build/toolchain.sh ensure           make the toolchain unless it is there
#   build/toolchain.sh run COMMAND ...  run COMMAND in this folder, with the toolchain's programs
#   build/toolchain.sh path             print the toolchain's root folder ("/" for the machine's own)
#
# TOOLCHAIN=host takes the programs on PATH, TOOLCHAIN=debian a Debian root folder with the packages of
# build/toolchain.packages, kept in the user's cache folder and shared by all clones. Unset: host if PATH has them all.
set -euo pipefail

self=$(readlink -f "${BASH_SOURCE[0]}")
build=$(dirname "$self")
repository=$(dirname "$build")
suite=forky
packages=$build/toolchain.packages
cache=${XDG_CACHE_HOME:-$HOME/.cache}/framegate
root=$cache/toolchain-$(sha256sum "$packages" | cut -c1-12)

say() { printf 'toolchain: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }

# ---- the machine's own programs

missing_on_host() {
  local program target
  for program in rustc cargo cargo-clippy rustfmt wasm-pack wasm-bindgen wasm-opt wasm-metadce wasm-merge wasm-dis emcc gcc aarch64-linux-gnu-gcc readelf; do
    command -v "$program" >/dev/null || echo "$program"
  done
  command -v rustc >/dev/null || return 0
  for target in wasm32-unknown-unknown aarch64-unknown-linux-gnu; do
    [ -d "$(rustc --print target-libdir --target "$target")" ] || echo "rustc's library for $target"
  done
  # edition 2024
  [ "$(printf '1.85\n%s\n' "$(rustc --version | cut -d' ' -f2)" | sort -V | head -n1)" = 1.85 ] || echo 'rustc 1.85 or newer'
  [ -n "$(find "$(rustc --print sysroot)/lib/rustlib" -name rust-lld -print -quit)" ] || command -v wasm-ld >/dev/null || echo wasm-ld
}

use_host() {
  case ${TOOLCHAIN:-} in
    debian) return 1 ;;
    host)
      local missing
      missing=$(missing_on_host | paste -sd, | sed 's/,/, /g')
      [ -z "$missing" ] || fail "TOOLCHAIN=host, but PATH has no $missing"
      ;;
    '') [ -z "$(missing_on_host)" ] ;;
    *) fail "TOOLCHAIN is '$TOOLCHAIN'; it can be host, debian or unset" ;;
  esac
}

# ---- the Debian root folder

# Mounts live in a namespace of the command's own: they end with it, however it ends.
in_namespace() {
  if [ "$(id -u)" = 0 ]; then
    unshare --mount "$@"
  else
    unshare --mount --map-root-user "$@"
  fi
}

install_mmdebstrap() {
  if command -v mmdebstrap >/dev/null; then return; fi
  command -v apt-get >/dev/null || fail 'mmdebstrap is needed to make the Debian root; install it, or put the tools on PATH and set TOOLCHAIN=host'
  [ "$(id -u)" = 0 ] || fail 'mmdebstrap is needed: sudo apt-get install mmdebstrap uidmap (or put the tools on PATH and set TOOLCHAIN=host)'
  say 'installing mmdebstrap'
  apt-get update -qq >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends mmdebstrap >/dev/null
}

# The first Debian archive among the machine's own apt sources.
mirror() {
  local uri=${FRAMEGATE_DEBIAN_MIRROR:-}
  [ -n "$uri" ] || uri=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' | awk '$1 == "Debian" { print $2; exit }')
  [ -n "$uri" ] || fail 'apt knows no Debian archive (try apt-get update); name one in FRAMEGATE_DEBIAN_MIRROR'
  echo "$uri"
}

pins() { grep -v -e '^#' -e '^$' "$packages"; }

make_root() {
  local making=$root.making include from=()
  [ "$(uname -m)" = x86_64 ] || fail 'the Debian root is made on x86-64 only; elsewhere put the tools on PATH and set TOOLCHAIN=host'
  in_namespace true 2>/dev/null || fail 'this machine allows no mount namespace (a container without CAP_SYS_ADMIN?); put the tools on PATH and set TOOLCHAIN=host'
  install_mmdebstrap
  # Not root: the packages' files get the user's own subordinate ids, so that entering needs no more than the user's own.
  [ "$(id -u)" = 0 ] || from=(unshare --user --map-root-user --map-auto --mount)
  include=$(pins | cut -d= -f1 | paste -sd,)
  say "making $root (about a minute, 3 GB, once)"
  "${from[@]}" rm -rf --one-file-system "$making"
  # Debian's testing suite is not re-signed on every mirror in time: an index past its date is still a signed one.
  "${from[@]}" mmdebstrap --quiet --mode=root --variant=apt --architectures=amd64,arm64 \
    --aptopt='Acquire::Check-Valid-Until "false"' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --include="$include" "$suite" "$making" "$(mirror)" >&2 || fail 'mmdebstrap failed; its messages are above'
  mv "$making" "$root"
}

# A suite that has moved on gives newer versions than the pins: said once, when the root is made, and no error.
report_differences() {
  local name version installed different=
  while IFS='=' read -r name version; do
    installed=$(dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${Version} ' "$name" 2>/dev/null | cut -d' ' -f1)
    [ "$installed" = "$version" ] || different+="  $name $installed instead of $version"$'\n'
  done < <(pins)
  [ -z "$different" ] || say "the archive has other versions than build/toolchain.packages pins; going on with them:"$'\n'"$different" \
    "If the build fails now, this is the first thing to look at; if all tests pass, record the new versions there."
}

ensure_root() {
  [ ! -d "$root" ] || return 0
  mkdir -p "$cache"
  exec 9>"$cache/toolchain.lock"
  flock --nonblock 9 || { say 'another build is making the toolchain; waiting for it'; flock 9; }
  if [ ! -d "$root" ]; then
    make_root
    report_differences
  fi
  exec 9>&-
}

# Runs in its own mount namespace; what the command needs of the machine appears at the same path inside.
enter() {
  local path certificates
  certificates=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
  show() { # show SOURCE [PLACE]
    local place=$root${2:-$1}
    [ -e "$1" ] || return 0
    if [ -d "$1" ]; then mkdir -p "$place"; else [ -e "$place" ] || { mkdir -p "$(dirname "$place")"; : >"$place"; }; fi
    mount --rbind "$1" "$place"
  }
  export CARGO_HOME=${CARGO_HOME:-$HOME/.cargo}
  mkdir -p "$CARGO_HOME" "$root/var/cache/emscripten"
  # ../shared: test data that may lie beside a clone
  for path in /proc /dev /tmp /etc/resolv.conf /etc/hosts "$CARGO_HOME" "$repository" "$(dirname "$repository")/shared"; do
    show "$path"
  done
  show "$certificates" /etc/ssl/certs/ca-certificates.crt
  # cargo runs the subcommands it finds there before those on PATH, and rustup's do not work here
  [ ! -d "$CARGO_HOME/bin" ] || mount -t tmpfs none "$root$CARGO_HOME/bin"
  local keep=(HOME=/root PATH=/usr/bin:/bin LANG=C.UTF-8 EM_CACHE=/var/cache/emscripten) name
  for name in $(compgen -e); do
    case $name in
      CARGO_TARGET_DIR | CARGO_BUILD_*) ;;
      TERM | CI | CARGO_* | RUST_BACKTRACE | FRAMEGATE_* | *_proxy | *_PROXY) keep+=("$name=${!name}") ;;
    esac
  done
  exec chroot "$root" /usr/bin/env --ignore-environment --chdir="$PWD" "${keep[@]}" "$@"
}

case ${1:-} in
  ensure) use_host || ensure_root ;;
  path) if use_host; then echo /; else echo "$root"; fi ;;
  run)
    shift
    if use_host; then exec "$@"; fi
    ensure_root
    in_namespace "$self" enter "$@"
    ;;
  enter) shift; enter "$@" ;;
  *) fail 'usage: build/toolchain.sh ensure | path | run COMMAND ...' ;;
esac
