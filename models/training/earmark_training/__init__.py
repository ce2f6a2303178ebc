"""Training project of Earmark's activity packs: from a corpus folder to `models/packs/<name>`.

Read the modules in the order of the data: corpus -> splits -> mixing (on effects, singer, sources, labels) -> shards
-> network -> train -> calibrate -> export -> evaluate -> curves -> card. `__main__` is the command line.
"""

RATE_HZ = 16000
HOP_SAMPLES = 160
FRAMES_PER_SECOND = RATE_HZ // HOP_SAMPLES
LABELS = ("speech", "music", "noise")
SPEECH, MUSIC, NOISE = range(3)
DONT_CARE = 255
