#!/bin/sh
# What plays on this machine, told while it is on: the monitor of a sink of PipeWire, the default one unless SINK names another.
#   SINK=studio examples/pipewire/hear.sh --when 'silence>30s/2s' --exec ./alarm.sh
# Without `-P` the same hears a microphone. pw-record writes samples without a header here; where it adds one, give it --raw.
set -eu
pw-record ${SINK:+--target "$SINK"} -P '{ stream.capture.sink=true }' --rate 16000 --channels 1 --format s16 - |
    earmark stream - --rate 16000 --channels 1 --encoding s16le --name "${SINK:-default}" "$@"
