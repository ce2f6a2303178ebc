"""One batch of training: stretches of speech of one length, spoiled on the features.

A part of the stretches stands between something else: the last half second of another talker before it and the
first frames of one after it, which the sum over the interval leaves out. A gate hears turns, not files.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..features import BANDS, PAD_DB
from .bank import FAST, PLAIN, SLOW, SPOILED, Bank
from .network import LOOKAHEAD_FRAMES

LENGTHS_FRAMES = (48, 72, 100, 152, 200, 300)
LENGTH_SHARES = (0.12, 0.16, 0.26, 0.18, 0.18, 0.10)
BETWEEN_SHARE = 0.25  # of the batches have other voices before and after
CONTEXT_FRAMES = 48
VERSION_SHARES = {PLAIN: 0.4, SPOILED: 0.24, SLOW: 0.18, FAST: 0.18}
NAMED_SHARE = 0.72
NOISY_SHARE = 0.5
SNR_DB = (3.0, 30.0)
GAIN_DB = (-20.0, 8.0)
KNOTS = 7
PER_DB = float(np.log(10.0) / 10.0)


@dataclass
class Batch:
    """What one step is trained on."""

    features: Tensor  # [batch, before + frames + after, 64]
    before: int  # frames of context before the interval
    frames: int  # of the interval
    label: Tensor  # [batch] class of speaker and speed; -1 without a name
    voice: Tensor  # [batch] index of the clip, whose teacher's target counts; -1 at another speed


class Draws:
    """Batches out of a bank; of clips without a speaker those that the teacher heard (`heard`, by number of voice)."""

    def __init__(self, bank: Bank, heard: np.ndarray):
        self.bank = bank
        self.speakers = sorted({speaker for _, _, speaker in bank.voices if speaker})
        number = {name: k for k, name in enumerate(self.speakers)}
        self.named: dict[tuple[int, int], list[int]] = defaultdict(list)  # (speaker, version) -> entries
        self.unnamed: list[int] = []
        seconds = np.zeros(len(self.speakers))
        for at, entry in enumerate(bank.entries):
            speaker = bank.voices[entry.clip][2]
            if speaker:
                self.named[number[speaker], entry.version].append(at)
                seconds[number[speaker]] += entry.frames / 100
            elif heard[entry.clip]:
                self.unnamed.append(at)
        weight = np.minimum(seconds, 120.0) ** 0.35  # a voice with an hour is not worth a hundred voices
        self.weight = weight / weight.sum()

    @property
    def classes(self) -> int:
        """Speakers times speeds."""
        return 3 * len(self.speakers)

    def first_clips(self) -> list[int]:
        """A clip of each speaker, in the order of the classes."""
        first: dict[str, int] = {}
        for k, (_, _, speaker) in enumerate(self.bank.voices):
            first.setdefault(speaker, k)
        return [first[speaker] for speaker in self.speakers]

    def _take(self, rng: np.random.Generator, at: int, frames: int) -> np.ndarray:
        """A stretch of one entry, the louder of two."""
        entry = self.bank.entries[at]
        if entry.frames <= frames:
            return self.bank.rows[entry.start : entry.start + entry.frames]
        starts = entry.start + rng.integers(0, entry.frames - frames + 1, 2)
        pieces = [self.bank.rows[s : s + frames] for s in starts]
        return max(pieces, key=lambda piece: float(piece[::4].mean(dtype=np.float32)))

    def _stretch(self, rng: np.random.Generator, entries: list[int], at: int, frames: int) -> np.ndarray:
        """`frames` of one voice, words joined until there are enough; one clip of an unknown voice is repeated."""
        pieces, length = [self._take(rng, at, frames)], 0
        while (length := sum(map(len, pieces))) < frames:
            more = entries[rng.integers(len(entries))] if entries else at
            pieces.append(self._take(rng, more, frames - length))
        return np.concatenate(pieces)[:frames]

    def batch(self, rng: np.random.Generator, budget_frames: int) -> Batch:
        """A batch of about that many frames in all."""
        frames = int(rng.choice(LENGTHS_FRAMES, p=LENGTH_SHARES))
        between = rng.random() < BETWEEN_SHARE
        before, after = (CONTEXT_FRAMES, LOOKAHEAD_FRAMES) if between else (0, 0)
        size = budget_frames // (frames + before + LOOKAHEAD_FRAMES)
        clean = np.empty((size, frames, BANDS), np.float32)
        label, voice = np.full(size, -1), np.full(size, -1)
        versions, shares = zip(*VERSION_SHARES.items(), strict=True)
        speakers = rng.choice(len(self.speakers), size, p=self.weight)
        for k in range(size):
            if rng.random() < NAMED_SHARE:
                version = int(rng.choice(versions, p=shares))
                entries = self.named[int(speakers[k]), version]
                at = entries[rng.integers(len(entries))]
                label[k] = speakers[k] * 3 + max(0, version - SPOILED)
            else:
                entries, at = [], self.unnamed[rng.integers(len(self.unnamed))]
            entry = self.bank.entries[at]
            voice[k] = entry.clip if entry.version in (PLAIN, SPOILED) else -1
            clean[k] = self._stretch(rng, entries, at, frames)
        x = torch.from_numpy(clean)
        if between:
            x = torch.cat([x.roll(1, 0)[:, -before:], x, x.roll(-1, 0)[:, :after]], 1)
        return Batch(self.spoil(rng, x), before, frames, torch.from_numpy(label), torch.from_numpy(voice))

    def spoil(self, rng: np.random.Generator, x: Tensor) -> Tensor:
        """Noise, gain and equaliser, and a run of bands that tell nothing."""
        size, _, bands = x.shape
        generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
        chosen = np.flatnonzero(rng.random(size) < NOISY_SHARE)
        if len(chosen):
            noise = self._noise(rng, x, chosen)
            level = lambda v: torch.logsumexp(v.flatten(1) * PER_DB, 1) / PER_DB
            snr_db = torch.empty(len(chosen)).uniform_(*SNR_DB, generator=generator)
            noise += (level(x[chosen]) - level(noise) - snr_db)[:, None, None]
            x[chosen] = torch.logaddexp(x[chosen] * PER_DB, noise * PER_DB) / PER_DB
        gain = torch.empty(size, 1).uniform_(*GAIN_DB, generator=generator)
        knots = torch.randn(size, 1, KNOTS, generator=generator) * 2.0
        tilt = torch.nn.functional.interpolate(knots, bands, mode="linear", align_corners=True)[:, 0]
        x = (x + (gain + tilt)[:, None]).clamp_(min=PAD_DB)
        for k in np.flatnonzero(rng.random(size) < 0.3):
            width = int(rng.integers(2, 12))
            low = int(rng.integers(0, bands - width))
            x[k, :, low : low + width] = x[k, :, low : low + width].mean()
        return x

    def _noise(self, rng: np.random.Generator, x: Tensor, chosen: np.ndarray) -> Tensor:
        """Noise, music or a few other voices of the batch, [chosen, frames, 64]."""
        size, frames, bands = x.shape
        out = torch.empty(len(chosen), frames, bands)
        for k, own in enumerate(chosen):
            if rng.random() < 0.15 and size > 8:
                others = (own + 2 + rng.integers(0, size - 4, 4)) % size
                out[k] = torch.logsumexp(x[others] * PER_DB, 0) / PER_DB
                continue
            _, start, length = self.bank.noises[rng.integers(len(self.bank.noises))]
            offset = int(rng.integers(0, max(1, length - frames)))
            rows = self.bank.noise_rows[start + offset : start + min(length, offset + frames)]
            out[k] = torch.from_numpy(np.resize(rows, (frames, bands)).astype(np.float32))
        return out
