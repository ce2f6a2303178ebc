"""A small corpus of made voices: a pitch and formants for each speaker, a rhythm for each word."""

import csv
from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 16000
WORDS = {"down": 3, "go": 4, "left": 5, "no": 6}


def say(speaker: int, word: int, seconds: float, take: int) -> np.ndarray:
    """A buzz at the speaker's pitch through two resonances, in syllables."""
    rng = np.random.default_rng([speaker, word, take])
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    pitch_hz = 90 + 23 * speaker * (1 + 0.01 * rng.standard_normal())
    buzz = sum(
        np.sin(2 * np.pi * pitch_hz * k * t) / (1 + abs(k * pitch_hz - 500 - 90 * speaker) / 300) for k in range(1, 30)
    )
    syllables = np.clip(np.sin(2 * np.pi * word * t / seconds), 0, 1)
    quiet = 0.05 * RATE_HZ
    syllables[: int(quiet)] = syllables[-int(quiet) :] = 0
    return (0.1 * buzz * syllables + 3e-4 * rng.standard_normal(len(t))).astype(np.float32)


def make_corpus(folder: Path) -> Path:
    """Five speakers to train, four valid, four test; words of 1 s and sentences of 7 s; noise on all sides; a room."""
    rows = []

    def add(path: str, samples: np.ndarray, **row) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / path, samples, RATE_HZ)
        rows.append(
            {"path": path, "class": path.partition("/")[0], "licence": "CC0-1.0", "attribution": "nobody", **row}
        )

    for number in range(13):
        side = "train" if number < 5 else "valid" if number < 9 else "test"
        for word, rhythm in WORDS.items():
            for take in range(3):
                name = f"sc-{number}"
                add(f"speech/speech-commands/{name}/{word}-{take}.wav", say(number, rhythm, 1.0, take),
                    source="speech-commands", speaker=name, text=word, split=side, language="en",
                    recording=f"{name}/{word}/{take}")  # fmt: skip
        for take in range(3):
            name = f"so-{number}"
            add(f"speech/speechocean762/{name}/{take}.wav", say(number, 7 + take, 7.0, take), source="speechocean762",
                speaker=name, split=side, age="9" if number % 2 else "30", language="en",
                recording=f"{name}/{take}")  # fmt: skip
    rng = np.random.default_rng(1)
    for side in ("train", "valid", "test"):
        add(f"noise/hiss/{side}.wav", (0.05 * rng.standard_normal(3 * RATE_HZ)).astype(np.float32), source="hiss",
            split=side, recording=f"hiss-{side}")  # fmt: skip
    columns = ["path", "class", "source", "split", "speaker", "language", "text", "age", "recording", "licence",
               "attribution"]  # fmt: skip
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return folder
