#!/usr/bin/env python3
"""Scores of Rustpotter for `earmark eval phrase --peer rustpotter=OUT --peer-limit rustpotter=0.5`.

    cargo install rustpotter-cli --version 3.0.2 --locked --root peers
    python tests/peers/rustpotter.py SAID OTHER OUT --program peers/bin/rustpotter-cli --enrol CLIP…

It enrols from clips, as Earmark does: `rustpotter-cli build` makes a reference of them, `rustpotter-cli test` hears
a recording, in steps of 30 ms. Clips are cut to the phrase first; with the silence around it next to nothing was
found. The program tells detections only; a recording's score is that of a detection in the step in which it is
told, and 0 elsewhere. They are asked for from `--threshold` on, under the 0.5 that is the program's default, so
that a trade-off can be seen; from 0.3 on silence, too, is over it, and a detection that does not end is never told.
Everything else is the library's default (no filter, no voice detection, five steps over the threshold before it
tells). Building it wants ALSA's headers.
"""

import re
import subprocess
import tempfile
from pathlib import Path

import soundfile as sf

from peer import FRAME, RATE_HZ, read_mono, to_int16
from phrases import frame_power, spoken
from wake import main

STEP_S = 0.03
STEP_LINE, DETECTION_LINE = "Frame volume info", "Wakeword detection"
SCORE = re.compile(r"[ {]score: ([0-9.eE+-]+)")
AROUND_FRAMES, LONGEST_FRAMES, RANGES_DB = 10, 120, (20, 15, 10)
DEFAULTS = ["--averaged-threshold", "0.2", "--min-scores", "5"]
"""The library's own, from which the program's differ."""


def write(mono, path):
    sf.write(path, to_int16(mono), RATE_HZ, subtype="PCM_16")
    return str(path)


def trimmed(mono):
    """The phrase with a little around it, cut closer where noise makes a clip seem long: a reference is compared with
    as much sound as its longest clip has, and told half of that after the end."""
    power = frame_power(mono)
    for range_db in RANGES_DB:
        first, last = spoken(power, range_db)
        if last - first < LONGEST_FRAMES:
            break
    return mono[max(0, first - AROUND_FRAMES) * FRAME : (last + 1 + AROUND_FRAMES) * FRAME]


def called(*command):
    """What a command says; the script ends where it fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def scores(said):
    """Time and score of each step, from what the program says."""
    steps, found = 0, {}
    for line in said.splitlines():
        if line.startswith(STEP_LINE):
            steps += 1
        elif line.startswith(DETECTION_LINE):
            found[steps] = float(SCORE.search(line).group(1))
    if not steps:
        raise SystemExit("rustpotter-cli told no steps: is it version 3.0.2?")
    return [(step * STEP_S, found.get(step, 0.0)) for step in range(1, steps + 1)]


def detector(options):
    folder = tempfile.TemporaryDirectory()
    room = Path(folder.name)
    clips = [write(trimmed(read_mono(clip)), room / f"{number}.wav") for number, clip in enumerate(options.enrol)]
    reference = str(room / "phrase.rpw")
    called(options.program, "build", "--name", "phrase", "--path", reference, *clips)

    def listen(mono):
        recording = write(mono, Path(folder.name) / "heard.wav")  # The folder lasts as long as this function.
        asked = ["--threshold", str(options.threshold), *DEFAULTS, "--debug-gain"]
        return scores(called(options.program, "test", *asked, reference, recording))

    return listen


def arguments(parser):
    parser.add_argument("--program", default="rustpotter-cli", help="where it is, if not in PATH")
    parser.add_argument("--enrol", type=Path, nargs="+", required=True, metavar="CLIP")
    parser.add_argument("--threshold", type=float, default=0.4)


if __name__ == "__main__":
    main(__doc__.splitlines()[0], detector, arguments)
