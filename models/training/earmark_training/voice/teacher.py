"""What a public speaker encoder, Resemblyzer (Apache-2.0), says of recordings: a teacher in training and the peer that
is measured beside the pack. It is not part of this project: `--resemblyzer` names the folder of the installed package.

Its network is three LSTM layers on 40 mel bands over 1.6 s; this module computes what the package computes, but for the
silences, which are cut by level and not by a detector of speech.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import scipy.fft
import torch
from torch import nn

from .. import RATE_HZ, TrainingError
from ..corpus import Cache
from ..features import log_mel
from .bank import active_span
from .roster import Voice

WINDOW_SAMPLES, HOP_SAMPLES, BANDS, PARTIAL_FRAMES = 400, 160, 40, 160
TARGET_DBFS = -30.0
MOST_PARTIALS = 8  # of a speaker
MOST_PARTIALS_UNNAMED = 2  # of a clip whose speaker is not known
MOST_UNNAMED = 6000  # clips of unknown speakers that are listened to


def slaney_bank() -> np.ndarray:
    """[bins, 40] triangles of equal area on Slaney's mel scale from 0 to 8 kHz."""
    step, knee_hz, log_step = 200.0 / 3, 1000.0, np.log(6.4) / 27
    knee = knee_hz / step
    to_mel = lambda hz: np.where(hz < knee_hz, hz / step, knee + np.log(np.maximum(hz, 1.0) / knee_hz) / log_step)
    to_hz = lambda mel: np.where(mel < knee, mel * step, knee_hz * np.exp(log_step * (mel - knee)))
    edges = to_hz(np.linspace(0.0, float(to_mel(np.array(RATE_HZ / 2))), BANDS + 2))
    bins = np.arange(WINDOW_SAMPLES // 2 + 1) * RATE_HZ / WINDOW_SAMPLES
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    rise = (bins[:, None] - left) / (centre - left)
    fall = (right - bins[:, None]) / (right - centre)
    return np.maximum(0.0, np.minimum(rise, fall)) * (2.0 / (right - left))


class Resemblyzer(nn.Module):
    """The published encoder with its weights."""

    def __init__(self, package: Path):
        super().__init__()
        weights = Path(package) / "pretrained.pt"
        if not weights.exists():
            raise TrainingError(f"{weights}: not there; `pip install --no-deps resemblyzer` brings it")
        self.lstm = nn.LSTM(BANDS, 256, 3, batch_first=True)
        self.linear = nn.Linear(256, 256)
        self.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True)["model_state"], strict=False)
        self.window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW_SAMPLES) / WINDOW_SAMPLES)
        self.bands = slaney_bank()

    def mel(self, samples: np.ndarray) -> np.ndarray:
        """[frames, 40] mel power of samples brought to its level; zeros around the ends."""
        dbfs = 10 * np.log10(np.mean(samples.astype(np.float64) ** 2) + 1e-12)
        gain = 10 ** (max(0.0, TARGET_DBFS - dbfs) / 20)
        padded = np.pad(samples * gain, WINDOW_SAMPLES // 2)
        views = np.lib.stride_tricks.sliding_window_view(padded, WINDOW_SAMPLES)[::HOP_SAMPLES]
        spectrum = scipy.fft.rfft(views * self.window, axis=1)
        return ((spectrum.real**2 + spectrum.imag**2) @ self.bands).astype(np.float32)

    def partials(self, samples: np.ndarray, most: int, overlap: float = 0.5) -> list[np.ndarray]:
        """Windows of 1.6 s, evenly over the recording; a shorter one is filled with silence, as in the package."""
        mel = self.mel(samples)
        if len(mel) < PARTIAL_FRAMES:
            return [np.pad(mel, ((0, PARTIAL_FRAMES - len(mel)), (0, 0)))]
        spare = len(mel) - PARTIAL_FRAMES
        count = min(most, 1 + -(-spare // int(PARTIAL_FRAMES * overlap)))
        return [mel[s : s + PARTIAL_FRAMES] for s in np.linspace(0, spare, count).astype(int)]

    @torch.no_grad()
    def embed(self, partials: list[np.ndarray], batch: int = 128) -> np.ndarray:
        """[partials, 256] of length 1."""
        said = []
        for start in range(0, len(partials), batch):
            with torch.autocast("cpu", torch.bfloat16):  # twice as fast; the embeddings differ in the third digit
                _, (hidden, _) = self.lstm(torch.from_numpy(np.stack(partials[start : start + batch])))
            said.append(nn.functional.normalize(torch.relu(self.linear(hidden[-1].float())), dim=1).numpy())
        return np.concatenate(said)

    def embeddings(self, recordings: list[np.ndarray]) -> np.ndarray:
        """[recordings, 256] of length 1: the mean over the windows of each."""
        own = [self.partials(samples, 64) for samples in recordings]
        said, total = self.embed([p for parts in own for p in parts]), np.zeros((len(own), 256), np.float32)
        np.add.at(total, np.repeat(np.arange(len(own)), [len(parts) for parts in own]), said)
        return total / np.linalg.norm(total, axis=1, keepdims=True)


def speech_of(samples: np.ndarray) -> np.ndarray:
    """From the first to the last word, by level."""
    first, last = active_span(log_mel(samples))
    return samples[first * HOP_SAMPLES : last * HOP_SAMPLES]


def targets(encoder: Resemblyzer, cache: Cache, voices: list[Voice], path: Path) -> np.ndarray:
    """[voices, 256]: of a named speaker the mean over his clips, joined to windows of 1.6 s; of others their own clip,
    zeros beyond the first `MOST_UNNAMED` of them. Kept in `path`."""
    if path.exists():
        return kept(path)
    of_speaker: dict[str, list[int]] = defaultdict(list)
    unnamed = 0
    for k, voice in enumerate(voices):
        unnamed += not voice.speaker
        if voice.speaker or unnamed <= MOST_UNNAMED:
            of_speaker[voice.speaker or f"clip {k}"].append(k)
    partials, owner = [], []
    for number, (name, clips) in enumerate(of_speaker.items()):
        named = not name.startswith("clip ")
        most = MOST_PARTIALS if named else MOST_PARTIALS_UNNAMED
        pieces, length = [], 0
        for k in clips:
            pieces.append(speech_of(cache.audio(voices[k].clip)))
            length += len(pieces[-1])
            if length > most * PARTIAL_FRAMES * HOP_SAMPLES:
                break
        joined = np.concatenate(pieces)
        if len(joined) < PARTIAL_FRAMES * HOP_SAMPLES and len(joined):
            joined = np.resize(joined, PARTIAL_FRAMES * HOP_SAMPLES)  # one word, said again and again
        own = encoder.partials(joined, most, 1.0)
        partials += own
        owner += [number] * len(own)
    said, owner = encoder.embed(partials), np.array(owner)
    means = np.zeros((len(of_speaker), said.shape[1]), np.float32)
    np.add.at(means, owner, said)
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    rows = np.zeros((len(voices), said.shape[1]), np.float32)
    for number, clips in enumerate(of_speaker.values()):
        rows[clips] = means[number]
    np.save(path, rows)
    return rows


def kept(path: Path) -> np.ndarray:
    """What `targets` left."""
    if not path.exists():
        raise TrainingError(f"{path}: not there; run the step teach first")
    return np.load(path)
