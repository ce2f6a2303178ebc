#!/usr/bin/env python3
"""Scores of Silero VAD for `earmark eval activity --peer silero=OUT`.

    pip install --no-deps -r tests/peers/requirements.txt
    python tests/peers/silero.py FOLDER OUT

The ONNX file comes with the wheel `silero-vad`; the package itself is not imported, because it would need torch. Blocks
of 512 samples (32 ms), each with the 64 samples before it, as the package's own wrapper feeds them.
"""

import importlib.util
from pathlib import Path

import numpy as np
import onnxruntime

from peer import blocks, main

BLOCK, CONTEXT = 512, 64


def model_path():
    spec = importlib.util.find_spec("silero_vad")
    if spec is None:
        raise SystemExit("silero-vad is not installed: pip install --no-deps -r tests/peers/requirements.txt")
    return Path(spec.submodule_search_locations[0]) / "data" / "silero_vad.onnx"


def detector():
    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model_path()), options, providers=["CPUExecutionProvider"])
    rate = np.array(16_000, dtype=np.int64)

    def score(mono):
        state = np.zeros((2, 1, 128), dtype=np.float32)
        context = np.zeros(CONTEXT, dtype=np.float32)
        scores = []
        for block in blocks(mono, BLOCK):
            heard = np.concatenate([context, block])[None]
            output, state = session.run(None, {"input": heard, "state": state, "sr": rate})
            scores.append(float(output[0, 0]))
            context = block[-CONTEXT:]
        return scores, BLOCK

    return score


if __name__ == "__main__":
    main(__doc__.splitlines()[0], detector())
