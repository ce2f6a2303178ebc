"""Spoken English by packaged synthesisers (flite, espeak-ng): words and commands that the corpus has not, never alone.

The texts are parts of the corpus's sentences, commands, and words drawn from the dictionary.
"""

from __future__ import annotations

import random
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import TrainingError
from ..corpus import decode

FLITE = ("slt", "rms", "awb", "kal16")
ESPEAK = ("en-us", "en", "en-gb-scotland", "en-gb-x-rp")
VARIANTS = ("m1", "m2", "m3", "m4", "m5", "m6", "m7", "f1", "f2", "f3", "f4", "f5")
ESPEAK_SHARE = 0.22
COMMANDS = """
    open close start stop begin record mute unmute play pause next previous turn on off lights camera door window
    engine alarm take call send message volume up down go left right forward back help cancel confirm ready check
    clear status report fire water medic team base alpha bravo charlie delta echo foxtrot golf hotel hello okay house
    studio channel switch scene cue
"""
PEAK = 0.5


@dataclass(frozen=True)
class Line:
    """One synthetic recording to make."""

    name: str
    text: str
    voice: str


def lines(count: int, sentences: list[str], dictionary: list[str], seed: int) -> list[Line]:
    """Texts and voices, the same for one seed."""
    rng, commands = random.Random(seed), COMMANDS.split()
    made = []
    for number in range(count):
        kind = rng.random()
        if kind < 0.35:
            words = rng.choice(sentences).split()
            first = rng.randint(0, max(0, len(words) - 10))
            words = words[first : first + 12]
        elif kind < 0.6:
            words = [rng.choice(commands) for _ in range(rng.randint(2, 5))]
        else:
            words = [rng.choice(dictionary) for _ in range(rng.randint(2, 4))]
        voice = f"{rng.choice(ESPEAK)}+{rng.choice(VARIANTS)}" if rng.random() < ESPEAK_SHARE else rng.choice(FLITE)
        made.append(Line(f"synth/{number}", " ".join(words), voice))
    return made


def speak(line: Line) -> np.ndarray:
    """The line as 16 kHz mono int16, at a tempo and pitch of its own."""
    rng = random.Random(line.name)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "line.wav")
        if "+" in line.voice:
            tempo, pitch = str(rng.randint(120, 190)), str(rng.randint(25, 75))
            command = ["espeak-ng", "-v", line.voice, "-s", tempo, "-p", pitch, "-w", str(file), line.text]
        else:
            tempo = f"duration_stretch={rng.uniform(0.8, 1.3):.2f}"
            command = ["flite", "-voice", line.voice, "--setf", tempo, "-t", line.text, "-o", str(file)]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except FileNotFoundError:
            raise TrainingError(f"{command[0]} is missing: install the package {command[0]}") from None
        samples = decode(file).astype(np.float32)
    return np.round(samples * (PEAK * 32767 / max(1.0, np.abs(samples).max()))).astype(np.int16)


def speak_all(rows: list[Line], workers: int) -> list[np.ndarray]:
    """All lines in order."""
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(speak, rows))
