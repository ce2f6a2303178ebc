"""From corpus to network: a bank of labelled features, a first network on English, its alignments of everything else,
a second network, better alignments, the network that ships.

    python -m earmark_training.phrase make --corpus DIR --corpus MORE --packages DOWNLOADS/unpacked --work DIR

What is there already and finished is taken up, so that it may be broken off.
"""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import torch

from ..corpus import Cache, Clip
from ..features import BANDS, PAD_DB, log_mel
from ..fetch.phones import ONSET_LATER_S
from . import synthesis
from .align import Aligner, by_scores
from .bank import Bank
from .network import Phrase, Sounds
from .pronounce import English, Words, espeak
from .russian import units_of
from .texts import HELD_OUT, Text
from .train import load, train
from .units import INDEX, UNITS, UNLABELLED

SYNTHETIC = 4200
SYNTHESIS_SEED = 7
ENGLISH_SHARES = {
    "librispeech-clean": 2.0,
    "speechocean762": 1.2,
    "robotutor-en": 1.0,
    "speech-commands": 1.0,
    "free-spoken-digits": 0.5,
    "alphanumeric": 1.0,
    "synthetic": 0.8,
}
"""How often a source is drawn, beside the length of its clips."""
ALL_SHARES = {
    **ENGLISH_SHARES,
    "queen": 1.6,
    "sky": 1.6,
    "festvox-ru": 0.8,
    "fillets-cs": 1.0,
    "robotutor-sw": 0.8,
    "audio-cmn": 0.5,
    "gcompris-voices": 0.8,
    "asterisk-ru": 0.6,
    "tuxpaint": 0.8,
}
STAGES = (("english", ENGLISH_SHARES, ""), ("all", ALL_SHARES, "english"), ("phrase", ALL_SHARES, "all"))
WORST_SHARE, WORST_SCORE = 8.0, -3.2
"""Alignments in the worst 8 % of their source, or with a mean log probability below this, are not learnt from."""
SILENCE_PENALTY, LOUD_PENALTY = 1.5, 3.0
LOUD_BELOW_PEAK_DB, SPOKEN_BELOW_PEAK_DB = 22.0, 18.0
"""A network that hears half of all frames as silence would align whole words to it: silence costs, and more so where
the recording is loud. What is called silence within 18 dB of a recording's peaks is not learnt from."""


def build_bank(cache: Cache, said: dict[str, Text], english: English, folder: Path, workers: int) -> None:
    """Features of all clips and synthetic lines; labels of what pocketsphinx can align."""
    if (folder / "clips.pkl").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    sentences = [t.words.lower() for p, t in said.items() if p.split("/")[1] in ("librispeech-clean", "robotutor-en")]
    dictionary = sorted(w for w in english.words if w.isalpha() and 3 <= len(w) <= 12)
    made = synthesis.lines(SYNTHETIC, sentences, dictionary, SYNTHESIS_SEED)
    spoken = zip(made, synthesis.speak_all(made, workers), strict=True)
    aligner = Aligner(english)
    rows, words, start = [], {}, 0
    with (folder / "features.f16.partial").open("wb") as features, (folder / "labels.i8").open("wb") as labels:

        def add(path: str, source: str, kind: str, split: str, samples: np.ndarray, text: Text | None) -> None:
            nonlocal start
            frames = log_mel(samples.astype(np.float32) / 32768)
            features.write(frames.astype(np.float16).tobytes())
            own = aligner.labels(samples, text.words) if text and text.language == "en" else None
            if text and own is None:
                words[path] = english.units(text.words) if text.language == "en" else espeak(text.words, text.language)
            own = np.full(len(frames), UNLABELLED, np.int8) if own is None else own
            labels.write(np.resize(own, len(frames)).tobytes())
            rows.append((path, start, len(frames), source, kind, split))
            start += len(frames)

        for clip in cache.clips:
            if clip.kind != "room":
                split = "held out" if clip.source in HELD_OUT else clip.split
                samples = np.round(cache.audio(clip) * 32768).astype(np.int16)
                add(clip.path, clip.source, clip.kind, split, samples, said.get(clip.path))
        for line, samples in spoken:
            add(line.name, "synthetic", "speech", "train", samples, Text("en", line.text))
    (folder / "words.json").write_text(json.dumps(words))
    (folder / "features.f16.partial").rename(folder / "features.f16")
    (folder / "clips.pkl").write_bytes(pickle.dumps(rows))


@torch.no_grad()
def scores_of(features: np.ndarray, network: Phrase, sounds: Sounds) -> np.ndarray:
    """Log probabilities of all units every 20 ms: the network hears the recording twice, half a hop apart."""
    level = features - np.percentile(features.max(1), 90)
    hop = network.shape.hop_frames
    count = -(-len(level) // hop) * hop
    padded = np.full((count + 2 * hop, BANDS), PAD_DB, np.float32)
    padded[hop : hop + len(level)] = np.maximum(level, PAD_DB)
    both = []
    for earlier in (hop // 2, 0):
        piece = padded[hop - earlier : hop - earlier + count]
        logits = sounds(network.whole(torch.from_numpy(piece)[None]))[0, :, 1]
        both.append(torch.log_softmax(logits, -1).numpy())
    return np.stack(both, 1).reshape(-1, len(UNITS))


def align_rest(bank: Bank, words: dict[str, Words], labels_of: Path, run: Path, english_only: bool) -> None:
    """Labels of all clips with known words that pocketsphinx did not align, by the network of a run; and those of
    festvox-ru by its own phone times. Writes them into the bank's labels."""
    network, sounds = Phrase(), Sounds()
    load(run, network, sounds)
    network.eval()
    found: dict[str, list[tuple]] = {}
    for clip in bank.clips:
        if clip.path in words and clip.frames >= 20:
            features, _ = bank.read(clip)
            scores = scores_of(features, network, sounds)
            scores[:, INDEX["SIL"]] -= SILENCE_PENALTY + LOUD_PENALTY * loud(features, LOUD_BELOW_PEAK_DB, len(scores))
            aligned = by_scores(scores, words[clip.path], english_only)
            if aligned:
                found.setdefault(clip.source, []).append((aligned[1], clip, aligned[0]))
    labels = np.memmap(bank.folder / "labels.i8", np.int8, "r+")
    for rows in found.values():
        least = max(WORST_SCORE, float(np.percentile([score for score, _, _ in rows], WORST_SHARE)))
        for score, clip, path in rows:
            own = np.resize(np.repeat(path, 2).astype(np.int8), clip.frames) if score >= least else UNLABELLED
            labels[clip.start : clip.start + clip.frames] = own
    for clip in bank.clips:
        if clip.source == "festvox-ru":
            labels[clip.start : clip.start + clip.frames] = _phone_times(labels_of, clip)
    forget_loud_silence(bank, labels)
    labels.flush()


def loud(features: np.ndarray, below_peak_db: float, steps: int = 0) -> np.ndarray:
    """Whether frames, or `steps` pairs of them, are within `below_peak_db` of the recording's peaks."""
    level = 10 * np.log10((10 ** (features / 10)).sum(1) + 1e-10)
    above = level > np.percentile(level, 95) - below_peak_db
    return np.resize(np.append(above, [False] * max(0, 2 * steps - len(above))), 2 * steps)[::2] if steps else above


def forget_loud_silence(bank: Bank, labels: np.ndarray) -> None:
    """Takes the label away from what is called silence and is not."""
    for clip in bank.clips:
        own = labels[clip.start : clip.start + clip.frames]
        if clip.kind == "speech" and len(own) and (own == INDEX["SIL"]).any():
            features, _ = bank.read(clip)
            own[(own == INDEX["SIL"]) & loud(features, SPOKEN_BELOW_PEAK_DB)] = UNLABELLED


def _phone_times(folder: Path, clip: Clip) -> np.ndarray:
    name = Path(clip.path).stem.rpartition("-")[0]
    lab = next(folder.glob(f"festvox-ru-*/usr/share/festival/voices/russian/msu_ru_nsh_clunits/lab/{name}.lab"))
    labels, start = np.full(clip.frames, INDEX["SIL"], np.int8), 0
    for line in lab.read_text(encoding="ascii", errors="replace").partition("#\n")[2].splitlines():
        fields = line.split()
        if len(fields) == 3:
            end = round((float(fields[0]) + ONSET_LATER_S) * 100)
            labels[start:end] = units_of(fields[2])
            start = end
    return labels


def make_network(bank: Bank, words: dict[str, Words], packages: Path, work: Path, steps: tuple[int, ...]) -> Phrase:
    """The stages one after another; gives the network that ships."""
    network = None
    for (name, shares, start), count in zip(STAGES, steps, strict=True):
        network = train(bank, work / name, shares, count, seed=11, start=work / start if start else None)
        if name != STAGES[-1][0] and not (work / name / "aligned").exists():
            align_rest(bank, words, packages, work / name, english_only=name == "english")
            (work / name / "aligned").touch()
    return network
