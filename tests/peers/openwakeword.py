#!/usr/bin/env python3
"""Scores of openWakeWord for `earmark eval phrase --peer openwakeword=OUT --peer-limit openwakeword=0.5`.

    pip install --no-deps -r tests/peers/requirements.txt
    python tests/peers/openwakeword.py SAID OTHER OUT --word alexa

The models come with the wheel `pyopen-wakeword`, and are those of `wyoming-openwakeword`: alexa, hey_jarvis,
hey_mycroft, hey_rhasspy, okay_nabu; none can be enrolled. LiteRT runs them, faster than the runtime in
the wheel, whose scores `--check` compares. Steps of 80 ms; 0.5 is the threshold at which
`wyoming-openwakeword` tells a word. Before a recording there are eight seconds of silence, as the package begins.
"""

import importlib.util
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from peer import RATE_HZ, to_int16
from wake import main

MELS, VECTORS = "melspectrogram", "embedding_model"
STEP, WINDOW = 1_280, 1_760
"""Samples that the features go on by, and of one call."""
BANDS, STEP_FRAMES, VECTOR_FRAMES = 32, 8, 76
SILENCE_STEPS = 8 * RATE_HZ // STEP
QUIET_STEPS = SILENCE_STEPS - 1
"""Calls that hear nothing but the silence before a recording."""
SAME = 1e-4


def models():
    spec = importlib.util.find_spec("pyopen_wakeword")
    if spec is None:
        raise SystemExit("pyopen-wakeword is not installed: pip install --no-deps -r tests/peers/requirements.txt")
    return Path(spec.submodule_search_locations[0]) / "models"


class Network:
    """One of the wheel's files."""

    def __init__(self, name, shape):
        self.model = Interpreter(str(models() / f"{name}.tflite"), num_threads=1)
        self.model.resize_tensor_input(self.model.get_input_details()[0]["index"], shape)
        self.model.allocate_tensors()
        self.enters = self.model.get_input_details()[0]["index"]
        self.leaves = self.model.get_output_details()[0]["index"]

    def __call__(self, values):
        self.model.set_tensor(self.enters, np.ascontiguousarray(values, np.float32))
        self.model.invoke()
        return self.model.get_tensor(self.leaves)


def listener(word):
    file = Interpreter(str(models() / f"{word}.tflite"))
    count = int(file.get_input_details()[0]["shape"][1])
    melspectrogram = Network(MELS, [1, WINDOW])
    embedding = Network(VECTORS, [1, VECTOR_FRAMES, BANDS, 1])
    judge = Network(word, [1, count, 96])
    bands = lambda samples: melspectrogram(samples[None]).reshape(-1, BANDS) / 10 + 2
    vector = lambda frames: embedding(frames[None, :, :, None]).reshape(-1)
    quiet = bands(np.zeros(WINDOW, np.float32))
    unspoken = vector(np.tile(quiet, (VECTOR_FRAMES // STEP_FRAMES + 1, 1))[:VECTOR_FRAMES])

    def listen(mono):
        ints = to_int16(mono).astype(np.float32)
        steps = -(-len(ints) // STEP)
        samples = np.zeros((SILENCE_STEPS + steps) * STEP, np.float32)
        samples[SILENCE_STEPS * STEP :][: len(ints)] = ints
        calls = (len(samples) - WINDOW) // STEP + 1
        heard = [bands(samples[call * STEP :][:WINDOW]) for call in range(QUIET_STEPS, calls)]
        frames = np.concatenate([np.tile(quiet, (QUIET_STEPS, 1)), *heard])
        before = (QUIET_STEPS * STEP_FRAMES - VECTOR_FRAMES) // STEP_FRAMES + 1
        vectors = [unspoken] * before
        after = (len(frames) - VECTOR_FRAMES) // STEP_FRAMES + 1
        vectors += [vector(frames[k * STEP_FRAMES :][:VECTOR_FRAMES]) for k in range(before, after)]
        for last in range(before, len(vectors)):
            score = float(judge(np.stack(vectors[last + 1 - count : last + 1])[None]).item())
            # What this vector ends with was there when the step after next had come.
            came = last + VECTOR_FRAMES // STEP_FRAMES + 2 - SILENCE_STEPS
            yield came * STEP / RATE_HZ, score

    return listen


def by_the_package(word, mono):
    """The same by the runtime in the wheel."""
    from pyopen_wakeword import Model, OpenWakeWord, OpenWakeWordFeatures

    features, judge = OpenWakeWordFeatures.from_builtin(), OpenWakeWord.from_builtin(Model(word))
    samples = to_int16(mono)
    for step in range(-(-len(samples) // STEP)):
        block = np.zeros(STEP, np.int16)
        part = samples[step * STEP :][:STEP]
        block[: len(part)] = part
        for vectors in features.process_streaming(block.tobytes()):
            for score in judge.process_streaming(vectors):
                last = score
        yield (step + 1) * STEP / RATE_HZ, last


def detector(options):
    listen = listener(options.word)
    if not options.check:
        return listen

    def both(mono):
        scores, theirs = list(listen(mono)), dict(by_the_package(options.word, mono))
        apart = max(abs(score - theirs[time_s]) for time_s, score in scores)
        if apart > SAME:
            raise SystemExit(f"scores are up to {apart:.6f} apart from the package's")
        return scores

    return both


def arguments(parser):
    words = sorted({file.stem for file in models().glob("*.tflite")} - {MELS, VECTORS})
    parser.add_argument("--word", choices=words, required=True)
    parser.add_argument("--check", action="store_true", help="compare with the package's own runtime, which is slower")


if __name__ == "__main__":
    main(__doc__.splitlines()[0], detector, arguments)
