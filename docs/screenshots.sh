#!/bin/sh
# Draws docs/editor-dark.png and docs/editor-light.png: the standalone plays the shipped programme on a display in
# memory. Needs: xvfb openbox xdotool imagemagick, and earmark-standalone, built with --features standalone.
set -eu
cd "$(dirname "$0")/.."
program=${EARMARK_STANDALONE:-target/release/earmark-standalone}
DISPLAY=:${SCREEN_NUMBER:-87}
export DISPLAY LIBGL_ALWAYS_SOFTWARE=1
Xvfb "$DISPLAY" -screen 0 1280x900x24 -nolisten tcp >/dev/null 2>&1 &
screen=$!
trap 'kill $screen 2>/dev/null || true' EXIT
sleep 1
openbox >/dev/null 2>&1 &
for theme in dark light; do
    "$program" --input examples/programme.flac --output none --theme $theme --span 20 --preset "${PRESET:-podcast}" &
    earmark=$!
    sleep "${SECONDS_IN:-27}"
    window=$(xdotool search --onlyvisible --name '^Earmark$' | tail -n 1)
    [ -n "$window" ] || { echo "$0: the window did not open within ${SECONDS_IN:-27} s; give it more (SECONDS_IN)" >&2; kill $earmark; exit 1; }
    xdotool mousemove 2 2
    sleep 1
    import -window "$window" -strip +dither -colors 256 -define png:compression-level=9 "docs/editor-$theme.png"
    kill $earmark
    wait $earmark 2>/dev/null || true
done
ls -l docs/editor-*.png
