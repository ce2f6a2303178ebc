#!/usr/bin/env python3
"""Scores of earshot for `earmark eval activity --peer earshot=OUT`.

    pip install --no-deps -r tests/peers/requirements.txt
    python tests/peers/earshot_vad.py FOLDER OUT

Blocks of 256 samples (16 ms). The file is not called earshot.py, or it would import itself.
"""

import earshot

from peer import blocks, main

BLOCK = 256


def score(mono):
    detector = earshot.Detector()
    return [float(detector.predict_f32(block)) for block in blocks(mono, BLOCK)], BLOCK


if __name__ == "__main__":
    main(__doc__.splitlines()[0], score)
