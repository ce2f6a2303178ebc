#!/bin/sh
# Builds Earmark for Windows in an empty Debian (sid), and tests it there under Wine. As root:
#
#     tests/windows.sh FOLDER PROGRAM
#
# FOLDER is made if it is not there. PROGRAM is this machine's `earmark`: what both write must be the same bytes. Debian has no
# standard library of Rust's for Windows; cargo builds it of Debian's `rust-src`. Sources are those of HEAD.
set -eu
folder=${1:?the folder of the empty system}
program=${2:?the earmark of this machine}
mirror=${BARE_MIRROR:-http://deb.debian.org/debian}
source=$(cd "$(dirname "$0")/.." && pwd)
target=x86_64-pc-windows-gnu

if [ ! -e "$folder/earmark.windows" ]; then
    mkdir -p "$folder"
    debootstrap --variant=minbase \
        --include=ca-certificates,cargo,gcc,gcc-mingw-w64-x86-64-posix,libc6-dev,libgl1,rust-src,wine,wine64,xauth,xvfb \
        sid "$folder" "$mirror"
    touch "$folder/earmark.windows"
fi
folder=$(cd "$folder" && pwd)

. "$source/tests/empty_system.sh"
# Cargo builds a standard library for compilers that call themselves nightly, as the first variable has it. What a test needs
# and cannot find there (ffmpeg, Python, a browser) it says and skips.
settings="RUSTC_BOOTSTRAP=1 CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=wine WINEDEBUG=-all LIBGL_ALWAYS_SOFTWARE=1
    EARMARK_ALLOW_SKIP=1"
build_std="CARGO_UNSTABLE_BUILD_STD=std,panic_unwind"
furnish
cp "$program" "$folder/usr/local/bin/earmark-here"
mount_system

built=target/$target/release
inside "cargo build --locked --profile=chores --package=xtask --target-dir=target/xtask"
inside "$build_std target/xtask/chores/xtask bundle --target $target --profile release"
tests="cargo test --release --locked --no-fail-fast --target=$target
    --package=earmark-core --package=earmark-plugin --package=earmark --package=earmark-server"
# Wine makes its folders at the first start, and has the display that there is then.
screen="xvfb-run --auto-servernum --server-args=\"-screen 0 1280x900x24 -noreset\""
inside "$screen sh -c 'wineboot --init && exec env $build_std $(echo $tests)'"

# What is written to standard output, and to files, by both.
same() {
    inside "/usr/local/bin/earmark-here $1 >/tmp/here && wine $built/earmark.exe $1 >/tmp/there && cmp /tmp/here /tmp/there"
    echo "the same: earmark $1"
}
inside "rm -rf /tmp/names && mkdir -p '/tmp/names/été 日本' && cp examples/programme.flac '/tmp/names/été 日本/a b.flac'"
for format in text csv json srt textgrid; do same "tag examples/programme.flac --format $format"; done
same "tag '/tmp/names/été 日本/a b.flac'"
same "frames examples/programme.flac -o -"
same "stream --when 'silence>30s' --exec true - < examples/programme.flac"
same "models"
