"""What the detectors of phrases share: a folder of recordings in, one CSV of scores per recording out.

A detector is a function that gets one recording (mono float32 at 16 kHz) and returns pairs of time and score. The
time is that at which the score was known: the end of what had to be heard for it, so that `earmark eval phrase` can
say how late the phrase is told. Every recording is heard from a fresh state; nothing is smoothed beyond what the
detector does itself.
"""

import argparse
from pathlib import Path

from peer import ENDINGS, read_mono


def recordings(folder):
    """The recordings of a folder and of those below it."""
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in ENDINGS)


def main(description, detector, arguments=None):
    """Scores every recording of some folders. `detector(options)` returns a function of one recording."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folders", type=Path, nargs="+", help="folders of recordings, with and without the phrase")
    parser.add_argument("out", type=Path, help="folder for the scores; give it to --peer")
    if arguments:
        arguments(parser)
    options = parser.parse_args()
    listen = detector(options)
    count = 0
    for folder in options.folders:
        found = recordings(folder)
        if not found:
            parser.error(f"{folder}: no recordings in this folder")
        for path in found:
            target = options.out / path.relative_to(folder).with_suffix(".csv")
            if target.exists():
                continue  # An interrupted run goes on where it was.
            target.parent.mkdir(parents=True, exist_ok=True)
            rows = [f"{time_s:.3f},{score:.6f}\n" for time_s, score in listen(read_mono(path))]
            partial = target.with_suffix(".partial")
            partial.write_text("time,score\n" + "".join(rows))
            partial.replace(target)
            count += 1
    print(f"{count} recordings scored into {options.out}")
