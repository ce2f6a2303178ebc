#!/bin/sh
# Proves both commands of the README in an empty system: a Debian in a folder that has this machine's Rust toolchain, the
# linker, and nothing else. As root: tests/bare.sh FOLDER [first|second|both]
#
# The folder is made if it is not there. Sources are those of HEAD. What tells cargo, pip and apt of mirrors, proxies and
# certificates (variables, ~/.cargo/config.toml, apt's sources) is taken along.
set -eu
folder=${1:?the folder of the empty system}
which=${2:-both}
suite=${BARE_SUITE:-bookworm}
mirror=${BARE_MIRROR:-http://deb.debian.org/debian}
source=$(cd "$(dirname "$0")/.." && pwd)
sysroot=$(rustc --print sysroot)

if [ ! -e "$folder/earmark.bare" ]; then
    mkdir -p "$folder"
    # The linker and the headers of the C library are all that Rust itself asks for.
    debootstrap --variant=minbase --include=gcc,libc6-dev,ca-certificates "$suite" "$folder" "$mirror"
    mkdir -p "$folder/opt/rust" "$folder/root/.cargo"
    cp -a "$sysroot/." "$folder/opt/rust/"
    touch "$folder/earmark.bare"
fi
folder=$(cd "$folder" && pwd)

. "$source/tests/empty_system.sh"
furnish
mount_system

for missing in cmake pkg-config g++ python3; do
    if inside "command -v $missing" >/dev/null; then echo "$0: $missing is there before the check" >&2; exit 1; fi
done
if [ "$which" != second ]; then
    echo "── the first command ──"
    began=$(date +%s)
    inside "rm -rf target && cargo run --release -- tag examples/programme.flac"
    echo "the first command: $(($(date +%s) - began)) s"
fi
if [ "$which" != first ]; then
    echo "── the second command ──"
    began=$(date +%s)
    # From nothing, as the first.
    inside "rm -rf target && cargo xtask check"
    echo "the second command: $(($(date +%s) - began)) s"
fi
