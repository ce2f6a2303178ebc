#!/usr/bin/env python3
"""Decisions of WebRTC's VAD, mode 3, for `earmark eval activity --peer webrtc=OUT`.

    pip install --no-deps -r tests/peers/requirements.txt
    python tests/peers/webrtc.py FOLDER OUT

It says yes or no every 10 ms; a ROC-AUC over that is the area under two straight lines.
"""

import webrtcvad

from peer import FRAME, RATE_HZ, blocks, main, to_int16

MODE = 3


def score(mono):
    vad = webrtcvad.Vad(MODE)
    return [float(vad.is_speech(b.tobytes(), RATE_HZ)) for b in blocks(to_int16(mono), FRAME)], FRAME


if __name__ == "__main__":
    main(__doc__.splitlines()[0], score)
