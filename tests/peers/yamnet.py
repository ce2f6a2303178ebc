#!/usr/bin/env python3
"""Scores of YAMNet's speech classes for `earmark eval activity --peer yamnet=OUT`.

    pip install --no-deps -r tests/peers/requirements.txt
    python tests/peers/yamnet.py --model yamnet.tflite FOLDER OUT

The float model of 521 classes from TensorFlow's models (Apache-2.0), as a TensorFlow Lite file of 4 078 224 bytes. It
hears windows of 0.975 s; a score every 120 ms is that of the window around its middle. Speech is the largest of the
classes speech, child speech, conversation, narration, babbling, synthesiser, shout, bellow, whoop, yell, children shouting,
screaming and whispering, which come first in its list.
"""

from pathlib import Path

import numpy as np

from peer import main

WINDOW, HOP = 15600, 1920
SPEECH_CLASSES = 13


def detector(options):
    from ai_edge_litert.interpreter import Interpreter

    model = Interpreter(str(options.model), num_threads=1)
    model.allocate_tensors()
    heard, said = model.get_input_details()[0], model.get_output_details()[0]

    def score(mono):
        padded = np.pad(mono, ((WINDOW - HOP) // 2, WINDOW)).astype(np.float32)
        scores = []
        for at in range(0, max(1, len(mono)), HOP):
            model.set_tensor(heard["index"], padded[at : at + WINDOW].reshape(heard["shape"]))
            model.invoke()
            scores.append(float(model.get_tensor(said["index"]).reshape(-1)[:SPEECH_CLASSES].max()))
        return scores, HOP

    return score


def arguments(parser):
    parser.add_argument("--model", type=Path, required=True, help="yamnet.tflite")


if __name__ == "__main__":
    main(__doc__.splitlines()[0], detector, arguments)
