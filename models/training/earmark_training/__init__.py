"""Training project of Earmark's activity packs: from a corpus folder to `models/packs/<name>`.

Read the modules in the order of the data: corpus -> splits -> mixing (on effects, singer, sources, labels) -> shards
-> network -> train -> calibrate -> thresholds -> export -> evaluate -> curves -> card. `__main__` is the command line,
`steps` what of it needs PyTorch, `fetch` brings more recordings.
"""

import sys
from collections.abc import Callable

RATE_HZ = 16000
HOP_SAMPLES = 160
FRAMES_PER_SECOND = RATE_HZ // HOP_SAMPLES
LABELS = ("speech", "singing", "music", "noise")
SPEECH, SINGING, MUSIC, NOISE = range(4)
DONT_CARE = 255


class TrainingError(Exception):
    """What ends a command with exit code 1 and a sentence, without a traceback."""


def exit_code(program: str, work: Callable[[], None]) -> int:
    """0 once the work is done; 1 and a sentence when something cannot be used."""
    try:
        work()
    except TrainingError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 1
    return 0
