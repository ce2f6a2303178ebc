#!/usr/bin/env python3
"""Scores of microWakeWord for `earmark eval phrase --peer microwakeword=OUT --peer-limit microwakeword=0.9`.

    pip install --no-deps -r tests/peers/requirements.txt
    python tests/peers/microwakeword.py SAID OTHER OUT --word alexa

`pymicro-wakeword` has its models (alexa, hey_jarvis, hey_mycroft, okay_nabu) and a runtime in its wheel, and enrols
nothing. Steps of 30 ms; a score is the mean over the model's own window, as the package judges it. Each model
brings the cutoff at which the package tells the word: the script prints it.
"""

from peer import RATE_HZ, to_int16
from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model
from wake import main

STEP = RATE_HZ // 100
"""Samples that the features go on by: the package asks for 10 ms at a time."""


def detector(options):
    word = MicroWakeWord.from_builtin(Model(options.word))
    print(f"{word.wake_word}: the package's own cutoff is {word.probability_cutoff}")

    def listen(mono):
        word.reset()
        features = MicroWakeWordFeatures()
        samples = to_int16(mono)
        heard = 0
        for start in range(0, len(samples), STEP):
            block = samples[start : start + STEP]
            for row in features.process_streaming(block.tobytes()):
                heard += 1
                score = word.process_streaming_prob(row)
                if heard % word.stride == 0:  # Between these the network is not asked.
                    yield (start + len(block)) / RATE_HZ, score

    return listen


if __name__ == "__main__":
    words = [word.value for word in Model]
    main(__doc__.splitlines()[0], detector, lambda p: p.add_argument("--word", choices=words, required=True))
