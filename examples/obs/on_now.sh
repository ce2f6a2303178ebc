#!/bin/sh
# What is on now, for OBS to show: a text source (FreeType 2) with "Read from file" on the file of ON_NOW.
#   ON_NOW=/tmp/on-now.txt earmark stream http://localhost:8000/studio --exec examples/obs/on_now.sh
set -eu
file=${ON_NOW:-/tmp/on-now.txt}
touch "$file"
others() { grep -vxF "${EARMARK_LABEL:-}" "$file" || true; }
case "$EARMARK_EVENT" in
onset) { others; echo "$EARMARK_LABEL"; } >"$file.new" ;;
offset) others >"$file.new" ;;
begin | end) : >"$file.new" ;;
*) exit 0 ;;
esac
# OBS reads the old one or the new one, never half of it.
mv "$file.new" "$file"
