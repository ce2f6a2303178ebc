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

# The world outside, as this machine sees it.
cp /etc/resolv.conf "$folder/etc/resolv.conf"
# debootstrap leaves it to the installer.
printf '127.0.0.1 localhost\n::1 localhost\n' > "$folder/etc/hosts"
for certificates in "${SSL_CERT_FILE:-}" /etc/ssl/certs/ca-certificates.crt; do
    if [ -f "$certificates" ]; then
        mkdir -p "$folder$(dirname "$certificates")"
        cp -L "$certificates" "$folder$certificates"
    fi
done
for settings in config.toml config; do
    if [ -f "${CARGO_HOME:-$HOME/.cargo}/$settings" ]; then cp "${CARGO_HOME:-$HOME/.cargo}/$settings" "$folder/root/.cargo/"; fi
done
if [ -n "${PIP_FIND_LINKS:-}" ] && [ -d "$PIP_FIND_LINKS" ]; then
    mkdir -p "$folder$PIP_FIND_LINKS"
    cp -a "$PIP_FIND_LINKS/." "$folder$PIP_FIND_LINKS/"
fi

rm -rf "$folder/earmark"
mkdir "$folder/earmark"
(cd "$source" && git archive HEAD) | tar -x -C "$folder/earmark"

mounted() { grep -q " $1 " /proc/mounts; }
end() {
    # What still runs inside keeps them busy; they go with it.
    for inside in dev proc; do if mounted "$folder/$inside"; then umount --lazy "$folder/$inside"; fi; done
}
trap end EXIT
mounted "$folder/proc" || mount -t proc proc "$folder/proc"
mounted "$folder/dev" || mount --bind /dev "$folder/dev"

inside() {
    env -i HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" PATH=/opt/rust/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        $(env | grep -E '^(CARGO_(HTTP|NET|REGISTR|SOURCE)[A-Z_]*|PIP_[A-Z_]*|SSL_CERT_[A-Z]*|[A-Za-z]*_(PROXY|proxy))=' || true) \
        chroot "$folder" sh -c "cd /earmark && $1"
}

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
