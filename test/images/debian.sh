#!/bin/sh
# STAND-IN for debian:bookworm-slim, for tests only: debootstrap's smallest Debian 12. debian.sh IMAGE LABEL; as root.
set -eu
folder=$(mktemp -d /var/tmp/wardwatch-debian-XXXXXX)
trap 'rm -rf "$folder"' EXIT
debootstrap --variant=minbase bookworm "$folder/root" http://deb.debian.org/debian >"$folder/log" 2>&1 || { tail -n 20 "$folder/log" >&2; exit 1; }
rm -rf "$folder"/root/var/cache/apt/archives/*.deb "$folder"/root/var/lib/apt/lists/* "$folder"/root/usr/share/doc/* "$folder"/root/usr/share/man/* \
  "$folder"/root/usr/share/locale/*
tar -C "$folder/root" -c . | docker import --change "LABEL $2" --change 'CMD ["bash"]' - "$1" >/dev/null
