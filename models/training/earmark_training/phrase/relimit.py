"""The limits that phrases usually need, anew in a finished pack: its network stays, and with it every profile.

    python -m earmark_training.phrase.relimit --program earmark --corpus DIR --other SET/other --version 1.2.1

The program enrols the phrases that choose, so that what is measured is what it will do; `SET/other` is speech in which
no phrase is said and that the pack was not trained on, as `tests/peers/phrases.py` makes it.
"""

from __future__ import annotations

import argparse
import base64
import csv
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np

from .. import FRAMES_PER_SECOND, TrainingError, exit_code
from ..corpus import decode
from ..features import log_mel
from ..runtime import PackRuntime
from . import law, trials, usual
from .card import write_card

MODELS = Path(__file__).resolve().parents[3]
PIECES = 96
"""Of the other speech, heard side by side."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="earmark_training.phrase.relimit", description=__doc__)
    parser.add_argument("--program", required=True, help="the command `earmark`, with this pack's network")
    parser.add_argument("--corpus", type=Path, required=True, help="MUSAN-like folder with the phrases that choose")
    parser.add_argument("--other", type=Path, required=True, help="folder of recordings without the phrases")
    parser.add_argument("--pack", type=Path, default=MODELS / "packs" / "phrase", help="the pack, which is changed")
    parser.add_argument("--version", required=True, help="version written into the pack")
    return parser.parse_args()


def clips_of(corpus: Path) -> dict[str, list[Path]]:
    """The clips to enrol of each phrase that chooses."""
    found = defaultdict(list)
    with (corpus / "manifest.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if (phrase := trials.phrase_of(row["path"], row["text"])) in trials.CHOOSING:
                found[phrase].append(corpus / row["path"])
    return {phrase: usual.drawn(files) for phrase, files in sorted(found.items())}


def enrol(program: str, name: str, clips: list[Path], folder: Path) -> dict:
    """The profile that the program makes of some clips."""
    command = [program, "phrase", "enrol", name, *map(str, clips), "--profiles", str(folder), "--replace", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise TrainingError(f"{name}, {len(clips)} clips: {done.stderr.strip()}")
    return json.loads((folder / "phrases" / f"{name}.json").read_text())["body"]


def peaks_of(profile: dict, heard: np.ndarray) -> np.ndarray:
    """The highest scores of a profile in unit vectors of other speech, the highest first."""
    rows = lambda template: np.frombuffer(base64.b64decode(template["rows"]), np.int8).reshape(-1, profile["dim"])
    templates = [law.unit(rows(template)) for template in profile["templates"]]
    base = np.array([template["common"] for template in profile["templates"]])
    scores = law.Matcher(templates).scores(law.side_by_side(heard, PIECES)).reshape(-1, len(templates))
    return law.peaks(law.combine(scores, base))


def limits(program: str, clips: dict[str, list[Path]], heard: np.ndarray, hours: float) -> dict:
    """What the phrases need, as `negatives.bin` holds it."""
    peaks = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for phrase, files in clips.items():
            for count in usual.CLIPS:
                profile = enrol(program, phrase.replace(" ", "-"), files[:count], Path(folder))
                peaks[count].append(peaks_of(profile, heard))
    return usual.medians(peaks, hours)


def _run(options: argparse.Namespace) -> None:
    # With torch, which what is tested of this module needs not.
    from .export import read_negatives, write_negatives

    runtime = PackRuntime(options.pack)
    own = read_negatives(options.pack)
    files = sorted(file for file in options.other.iterdir() if file.suffix in (".flac", ".wav"))
    features = (log_mel(decode(file).astype(np.float32) / 32768) for file in files)
    heard = np.concatenate([law.unit(runtime.vectors(frames)) for frames in features]).astype(np.float32)
    hours = len(heard) * runtime.pack["hop_frames"] / FRAMES_PER_SECOND / 3600
    clips = clips_of(options.corpus)
    found = limits(options.program, clips, heard, hours)
    write_negatives(options.pack, own, found)
    pack = json.loads((options.pack / "pack.json").read_text()) | {"version": options.version}
    (options.pack / "pack.json").write_text(json.dumps(pack, indent=1, ensure_ascii=False) + "\n")
    metrics = json.loads((options.pack / "metrics.json").read_text())
    metrics["limits"] = {"hours": round(hours, 2), "phrases": list(clips), "by_clips": found["whole"]}
    (options.pack / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")
    write_card(options.pack, MODELS / "recipes")


def main() -> int:
    """Makes the limits; 1 and a sentence when something cannot be used."""
    options = _arguments()
    return exit_code("earmark_training.phrase.relimit", lambda: _run(options))


if __name__ == "__main__":
    sys.exit(main())
