"""Phone labels of a Festival voice, as stretches of speech.

A label file has a header that ends with a line "#", then one line a phone: its end in seconds, a number, its name.
Pauses
are called `pau`. Against the level of the recordings of `festvox-ru` onsets set in 18 ms after the label and ends 42 ms
before it (medians); both are moved.
"""

from __future__ import annotations

from pathlib import Path

PAUSES = {"pau", "#", "SIL", "ssil"}
ONSET_LATER_S, END_EARLIER_S = 0.018, 0.042


def spoken_stretches(file: Path) -> list[tuple[float, float]]:
    """Start and end in seconds of each stretch without a pause, in order."""
    _, _, body = file.read_text(encoding="ascii", errors="replace").partition("#\n")
    stretches: list[list[float]] = []
    start, speaking = 0.0, False
    for line in filter(None, map(str.strip, body.splitlines())):
        end_text, _, name = line.split(maxsplit=2)
        end = float(end_text)
        if name not in PAUSES:
            if speaking:
                stretches[-1][1] = end
            else:
                stretches.append([start, end])
        start, speaking = end, name not in PAUSES
    moved = [(a + ONSET_LATER_S, b - END_EARLIER_S) for a, b in stretches]
    return [(a, b) for a, b in moved if b > a]
