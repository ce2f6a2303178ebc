"""What the scripts of this folder share: a folder of recordings in, one CSV of scores per recording out.

A peer is a function that gets one recording (mono float32 at 16 kHz) and returns raw scores with a hop in samples. Each
score is repeated onto the 10 ms grid: frame k gets the score of the block that holds the middle of the frame. Nothing is
smoothed and no lag is corrected, whatever delay the detector has.
"""

import argparse
from pathlib import Path

import numpy as np
import soundfile as sf

RATE_HZ = 16_000
FRAME = RATE_HZ // 100
ENDINGS = {".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff", ".caf"}


def read_mono(path):
    """The recording as one channel at 16 kHz."""
    samples, rate_hz = sf.read(path, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    if rate_hz != RATE_HZ:
        from math import gcd

        from scipy.signal import resample_poly

        common = gcd(rate_hz, RATE_HZ)
        mono = resample_poly(mono, RATE_HZ // common, rate_hz // common).astype(np.float32)
    return mono


def blocks(mono, size):
    """Blocks of `size` samples; the last one is filled with zeros."""
    count = -(-len(mono) // size)
    return np.pad(mono, (0, count * size - len(mono))).reshape(count, size)


def to_int16(mono):
    return (np.clip(mono, -1, 1) * 32767).astype(np.int16)


def on_grid(scores, hop, samples):
    """Scores of blocks of `hop` samples, repeated onto the 10 ms frames of `samples` samples."""
    frames = -(-samples // FRAME)
    middles = np.arange(frames) * FRAME + FRAME // 2
    return np.asarray(scores)[np.minimum(middles // hop, len(scores) - 1)]


def main(description, score, arguments=None):
    """Scores every recording of a folder. `score(mono)` returns (scores, hop in samples).

    With `arguments`, which gets the parser and adds what a detector wants to know, `score` is called with the parsed
    options instead and returns such a function.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folder", type=Path, help="folder of recordings")
    parser.add_argument("out", type=Path, help="folder for the scores; give it to --peer")
    if arguments:
        arguments(parser)
    args = parser.parse_args()
    score = score(args) if arguments else score
    paths = sorted(p for p in args.folder.rglob("*") if p.suffix.lower() in ENDINGS)
    if not paths:
        parser.error(f"{args.folder}: no recordings in this folder")
    for path in paths:
        mono = read_mono(path)
        scores = on_grid(*score(mono), len(mono))
        target = args.out / path.relative_to(args.folder).with_suffix(".csv")
        target.parent.mkdir(parents=True, exist_ok=True)
        rows = [f"{frame / 100:.2f},{value:.6f}\n" for frame, value in enumerate(scores)]
        target.write_text("time,score\n" + "".join(rows))
    print(f"{len(paths)} recordings scored into {args.out}")
