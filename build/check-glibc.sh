#!/usr/bin/env bash
# Refuses a shared object that needs a newer C library than Debian 12 and RHEL 9 have, which is 2.34 or newer.
set -euo pipefail
for file in "$@"; do
  needs=$(readelf --version-info --wide "$file" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n1)
  if [ "$(printf 'GLIBC_2.34\n%s\n' "$needs" | sort -V | tail -n1)" != GLIBC_2.34 ]; then
    echo "$file needs $needs; it must run with glibc 2.34" >&2
    exit 1
  fi
done
