"""Packs beside each other on recordings that may choose, source by source, with bootstrap intervals.

    python -m earmark_training.compare --corpus DIR --pack old=DIR --pack new=DIR [--scenes DIR] -o table.json

The first pack is the one that the others are compared with. Clips are those of the valid side (or of the sources named
with `--sources`, but never of test), alone and undisturbed. Speech: labels from the energy of the clip or from its word
times. Music and noise: no frame is speech. `--scenes`: also the stored mixtures of a folder, label by label. What
belongs together (a speaker, a recording, a mixture) is drawn together, 1000 times, for all packs alike, so that the
interval of a difference is one of the same recordings. A difference *counts* where its interval leaves 0 out and it
exceeds `COUNTS_FROM`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import LABELS, SPEECH, TrainingError
from .corpus import Cache, Clip, CorpusError, build_cache
from .features import log_mel
from .labels import label_speech, label_words, runs
from .shards import Shards
from .splits import check, groups_of, select
from .targets import labels_of

if TYPE_CHECKING:
    from .runtime import PackRuntime

BINS = 200
HALF = BINS // 2
DRAWS = 1000
COUNTS_FROM = 0.005
CALLED_FRAMES = 10
"""A clip in which no speech is called for so long is clean."""
BETTER_HIGH = ("auc", "f1", "recall", "clean_clips")


@dataclass
class Tally:
    """Histograms of the speech score over frames with and without speech, and clean clips, of one group of
    recordings."""

    speech: np.ndarray = field(default_factory=lambda: np.zeros(BINS))
    other: np.ndarray = field(default_factory=lambda: np.zeros(BINS))
    clean: int = 0
    clips: int = 0

    def row(self) -> np.ndarray:
        """All counts in one row, which can be added to others."""
        return np.concatenate([self.speech, self.other, [self.clean, self.clips]])


def figures_of(rows: np.ndarray) -> dict[str, np.ndarray]:
    """Figures [draws] of summed rows [draws, columns]; those that a source has no frames for are missing."""
    speech, other, clean, clips = rows[:, :BINS], rows[:, BINS : 2 * BINS], rows[:, -2], rows[:, -1]
    voiced, silent = speech.sum(1), other.sum(1)
    figures = {}
    if voiced.min() > 0:
        figures["recall"] = speech[:, HALF:].sum(1) / voiced
    if silent.min() > 0:
        figures["false_alarms"] = other[:, HALF:].sum(1) / silent
    if voiced.min() > 0 and silent.min() > 0:
        below = np.cumsum(other, 1) - 0.5 * other
        figures["auc"] = (speech * below).sum(1) / (voiced * silent)
        hits, called = speech[:, HALF:].sum(1), other[:, HALF:].sum(1)
        figures["f1"] = 2 * hits / np.maximum(voiced + hits + called, 1)
    if voiced.max() == 0:
        figures["clean_clips"] = clean / clips
    return figures


def count(tally: Tally, clip: Clip, cache: Cache, scores: np.ndarray) -> None:
    """Adds one clip to the tally of its group."""
    called = scores >= 0.5
    tally.clips += 1
    tally.clean += not any(end - start >= CALLED_FRAMES for start, end in runs(called))
    spoken, silent = np.zeros(len(scores), bool), np.ones(len(scores), bool)
    if clip.kind == "speech":
        words = cache.words.get(clip.path)
        audio = cache.audio(clip)
        frames = (label_words(audio, words) if words else label_speech(audio)).frames[: len(scores)]
        spoken, silent = frames == 1, frames == 0
    _add_frames(tally, scores, spoken, silent)


def _add_frames(tally: Tally, scores: np.ndarray, spoken: np.ndarray, silent: np.ndarray) -> None:
    place = np.minimum((scores * BINS).astype(int), BINS - 1)
    tally.speech += np.bincount(place[spoken], minlength=BINS)
    tally.other += np.bincount(place[silent], minlength=BINS)


def tallies_of_scenes(shards: Shards, packs: dict[str, PackRuntime]) -> dict[str, dict[str, np.ndarray]]:
    """Rows [scenes, columns] by label and pack; a label that a pack does not have is left out for all."""
    known = [label for label in LABELS if all(label in pack.pack["labels"] for pack in packs.values())]
    table = {f"mixtures, {label}": {name: [] for name in packs} for label in known}
    for i in range(len(shards)):
        features, targets = shards.batch(np.array([i]))
        labels = labels_of(targets[0])
        for name, pack in packs.items():
            scores = pack.scores(features[0])
            for label in known:
                k, tally = LABELS.index(label), Tally(clips=1)
                _add_frames(tally, scores[:, k], labels[:, k] == 1, labels[:, k] == 0)
                table[f"mixtures, {label}"][name].append(tally.row())
    return {source: {name: np.stack(rows) for name, rows in by_pack.items()} for source, by_pack in table.items()}


def tallies_of(cache: Cache, clips: list[Clip], packs: dict[str, PackRuntime]) -> dict[str, dict[str, np.ndarray]]:
    """Rows [groups, columns] by source and pack; the groups of a source stand in the same order for all packs."""
    table: dict[str, dict[str, list[np.ndarray]]] = defaultdict(lambda: defaultdict(list))
    for group in groups_of(clips):
        for source in sorted({c.source for c in group}):
            own = {name: Tally() for name in packs}
            for clip in (c for c in group if c.source == source):
                features = log_mel(cache.audio(clip))
                for name, pack in packs.items():
                    count(own[name], clip, cache, pack.scores(features)[:, SPEECH])
            for name, tally in own.items():
                table[source][name].append(tally.row())
    return {source: {name: np.stack(rows) for name, rows in by_pack.items()} for source, by_pack in table.items()}


def interval(values: np.ndarray) -> list[float]:
    """The middle 95 %."""
    return [float(np.quantile(values, q)) for q in (0.025, 0.975)]


def compared(by_pack: dict[str, np.ndarray], seed: int = 1) -> dict:
    """Figures of one source for each pack, and the differences from the first pack, with intervals."""
    names = list(by_pack)
    groups = len(by_pack[names[0]])
    drawn = np.random.default_rng(seed).multinomial(groups, np.full(groups, 1 / groups), DRAWS)
    point = {name: figures_of(rows.sum(0)[None]) for name, rows in by_pack.items()}
    spread = {name: figures_of(drawn @ rows) for name, rows in by_pack.items()}
    result = {"groups": groups, "clips": int(by_pack[names[0]][:, -1].sum()), "packs": {}, "differences": {}}
    for name in names:
        result["packs"][name] = {
            key: {"value": float(value[0]), "interval": interval(spread[name][key]) if key in spread[name] else None}
            for key, value in point[name].items()
        }
    for name in names[1:]:
        result["differences"][name] = {}
        for key in point[name].keys() & spread[name].keys() & spread[names[0]].keys():
            value = float(point[name][key][0] - point[names[0]][key][0])
            low, high = interval(spread[name][key] - spread[names[0]][key])
            counts = (low > 0 or high < 0) and abs(value) > COUNTS_FROM
            verdict = "same" if not counts else "better" if (value > 0) == (key in BETTER_HIGH) else "worse"
            result["differences"][name][key] = {"value": value, "interval": [low, high], "verdict": verdict}
    return result


def markdown(table: dict[str, dict]) -> str:
    """One line a source and figure."""
    packs = list(next(iter(table.values()))["packs"])
    lines = ["| source | groups | figure | " + " | ".join(packs) + " |", "|" + "---|" * (3 + len(packs))]
    for source, result in table.items():
        for key, first in result["packs"][packs[0]].items():
            cells = [_cell(first)]
            for name in packs[1:]:
                verdict = result["differences"][name].get(key, {}).get("verdict", "same")
                cells.append(_cell(result["packs"][name][key]) + ("" if verdict == "same" else f" {verdict}"))
            lines.append(f"| {source} | {result['groups']} | {key.replace('_', ' ')} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(figure: dict) -> str:
    span = f" ({figure['interval'][0]:.3f}–{figure['interval'][1]:.3f})" if figure["interval"] else ""
    return f"{figure['value']:.3f}{span}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="earmark_training.compare", description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, action="append", required=True, help="corpus folder; may be repeated")
    parser.add_argument("--pack", action="append", required=True, metavar="NAME=DIR", help="the first is compared with")
    parser.add_argument("--sources", default="", help="comma-separated, instead of all")
    parser.add_argument("--scenes", type=Path, default=None, help="folder of stored mixtures of the valid side")
    parser.add_argument("--work", type=Path, default=Path("train-cache"), help="decoded audio")
    parser.add_argument("-o", "--out", type=Path, default=None, help="JSON; the table goes to standard output")
    return parser.parse_args()


def main() -> int:
    """Compares; 1 and a sentence where something cannot be used."""
    from .runtime import PackRuntime  # needs ONNX Runtime

    options = _arguments()
    try:
        cache = build_cache(options.corpus, options.work / "audio", 1)
        check(cache.clips)
        wanted = set(filter(None, options.sources.split(",")))
        clips = [c for c in select(cache.clips, "valid") if c.kind != "room" and (not wanted or c.source in wanted)]
        missing = wanted - {c.source for c in clips}
        if missing or not clips:
            raise CorpusError(f"no clips on the valid side of {', '.join(sorted(missing)) or 'this corpus'}")
        packs = {name: PackRuntime(Path(folder)) for name, _, folder in (p.partition("=") for p in options.pack)}
    except TrainingError as error:
        print(f"earmark_training.compare: {error}", file=sys.stderr)
        return 1
    tallies = dict(sorted(tallies_of(cache, clips, packs).items()))
    if options.scenes:
        tallies |= tallies_of_scenes(Shards(options.scenes), packs)
    table = {source: compared(rows) for source, rows in tallies.items()}
    if options.out:
        options.out.write_text(json.dumps(table, indent=1) + "\n")
    print(markdown(table))
    return 0


if __name__ == "__main__":
    sys.exit(main())
