"""Recordings as log-mel features with a speech sound for each frame, and training windows made of them."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..features import BANDS, PAD_DB
from . import augment
from .units import INDEX, UNLABELLED

WINDOW_FRAMES = 400
SNR_DB = (0.0, 30.0)
BED_SHARE = 0.7
NEGATIVE_SOURCES = (
    "queen",
    "drascula",
    "asp-audio",
    "picovoice-speech-to-intent",
    "hedgewars-voices",
    "tuxpaint-unheard",
    "fillets-nl",
)
"""Whose recordings are other speech in trials: what training has no labels of here, it does not hear."""


@dataclass(frozen=True)
class Clip:
    """Where a recording lies in the bank, in frames of 10 ms."""

    path: str
    start: int
    frames: int
    source: str
    kind: str
    split: str


class Bank:
    """`features.f16` [frames, 64] and `labels.i8` [frames] (a unit's index or UNLABELLED) of all clips."""

    def __init__(self, folder: Path):
        self.folder = folder
        rows = pickle.loads((folder / "clips.pkl").read_bytes())
        self.clips = [Clip(*row) for row in rows]
        self.features = np.memmap(folder / "features.f16", np.float16, "r").reshape(-1, BANDS)
        self.labels = np.memmap(folder / "labels.i8", np.int8, "r")

    def read(self, clip: Clip) -> tuple[np.ndarray, np.ndarray]:
        """Features (float32) and labels of a clip."""
        rows = slice(clip.start, clip.start + clip.frames)
        return self.features[rows].astype(np.float32), np.array(self.labels[rows])


class Windows:
    """An endless draw of windows: features [count, 400, 64] as a microphone would hear them, the same windows dry and
    clean, and hop labels [count, 100]."""

    def __init__(self, bank: Bank, weights: dict[str, float], seed: int):
        voices = [c for c in bank.clips if c.kind == "speech" and c.split == "train" and weights.get(c.source)]
        labelled = lambda c: (bank.labels[c.start : c.start + c.frames] != UNLABELLED).any()
        self.voices = [c for c in voices if c.frames >= 20 and (labelled(c) or c.source not in NEGATIVE_SOURCES)]
        share = np.array([weights[c.source] * c.frames**0.7 for c in self.voices])
        self.chances = share / share.sum()
        self.beds = {
            kind: [c for c in bank.clips if c.kind == kind and c.split == "train" and c.frames > 100]
            for kind in ("noise", "music", "speech")
        }
        self.bank, self.rng = bank, np.random.default_rng(seed)

    def batch(self, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The next `count` windows."""
        windows = [self.window() for _ in range(count)]
        return tuple(np.stack(part) for part in zip(*windows, strict=True))

    def window(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Several voices one after another, each with its own tract, tempo and microphone, in a room, over a bed."""
        rng = self.rng
        features = np.full((WINDOW_FRAMES, BANDS), PAD_DB, np.float32)
        labels = np.full(WINDOW_FRAMES, INDEX["SIL"], np.int64)
        at = int(rng.integers(0, 40))
        while at < WINDOW_FRAMES - 20:
            voice, sounds = self._voice()
            cut = int(rng.integers(0, max(1, len(voice) - WINDOW_FRAMES + 1)))
            voice, sounds = voice[cut:], sounds[cut:]
            count = min(len(voice), WINDOW_FRAMES - at)
            features[at : at + count] = voice[:count]
            labels[at : at + count] = sounds[:count]
            at += count + int(rng.integers(0, 30))
        clean = features.copy()
        if rng.random() < 0.4:
            power = augment.room(10 ** (features / 10), rng.uniform(0.15, 0.9), rng.uniform(0.05, 0.8))
            features = 10 * np.log10(np.maximum(power, 1e-10)).astype(np.float32)
        if rng.random() < BED_SHARE:
            features = augment.mix(features, self._bed(), rng.uniform(*SNR_DB))
        features += augment.colour(rng) * 0.5 + rng.uniform(-30, 8)
        return np.maximum(features, PAD_DB), np.maximum(clean, PAD_DB), labels[2::4]

    def _voice(self) -> tuple[np.ndarray, np.ndarray]:
        rng = self.rng
        voice, sounds = self.bank.read(self.voices[rng.choice(len(self.voices), p=self.chances)])
        voice = augment.warp(voice, np.exp(rng.normal(0, 0.04)))
        voice, sounds = augment.stretch(voice, sounds, np.exp(rng.normal(0, 0.12)))
        return voice + augment.colour(rng) - np.percentile(voice.max(1), 90), sounds

    def _bed(self) -> np.ndarray:
        rng = self.rng
        kind = rng.choice(("noise", "music", "speech"), p=(0.6, 0.3, 0.1))
        clips = self.beds[kind]
        out = np.empty((0, BANDS), np.float32)
        while len(out) < WINDOW_FRAMES:
            clip = clips[rng.integers(len(clips))]
            begin = int(rng.integers(0, max(1, clip.frames - WINDOW_FRAMES)))
            rows = slice(clip.start + begin, clip.start + min(clip.frames, begin + WINDOW_FRAMES))
            out = np.concatenate([out, self.bank.features[rows].astype(np.float32)])
        return out[:WINDOW_FRAMES]
