"""Mixtures as files: a background process draws scenes and stores features (float16) and labels (uint8).

Generation and training so use different cores, every experiment sees the same data, and a scene's sources stand
beside it, so that held-out sources can be left away when reading. Shard k of a split always holds the same scenes.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .corpus import Cache
from .features import log_mel
from .mixing import Mixer
from .sources import ClipBank, is_hard
from .splits import LEFT_OUT, check, select

SCENES_PER_SHARD = 128
SEED_BASE = {"train": 0, "valid": 1_000_000_000, "held-out": 2_000_000_000}


def shard_paths(folder: Path) -> list[Path]:
    """Finished shards, as their `.json` files."""
    return sorted(Path(folder).glob("shard-*.json"))


def generate(
    cache: Cache,
    folder: Path,
    split: str,
    first: int,
    count: int,
    step: int = 1,
    hold_out: tuple[str, ...] = (),
    kinds: dict[str, float] | None = None,
    hard: bool = False,
) -> None:
    """Writes shards `first, first+step, ...` (`count` of them); those that exist are kept.

    `kinds`: other shares of scenes. `hard`: only music and noise that are easily taken for speech.
    """
    check(cache.clips)
    clips = select(cache.clips, split, hold_out)
    mixer = Mixer(ClipBank(cache, [c for c in clips if is_hard(c)] if hard else clips))
    Path(folder).mkdir(parents=True, exist_ok=True)
    for index in range(first, first + count * step, step):
        write_shard(
            mixer,
            Path(folder) / f"shard-{index:05d}",
            SEED_BASE[split] + (2 * 10**8 if hard else 10**8 if kinds else 0) + index * SCENES_PER_SHARD,
            kinds,
        )


def write_shard(mixer: Mixer, stem: Path, seed: int, kinds: dict[str, float] | None) -> None:
    """One shard: `.features.npy` [scenes, frames, 64], `.labels.npy` [scenes, frames, 3], `.json` (last, as the
    mark)."""
    done = stem.with_suffix(".json")
    if done.exists():
        return
    scenes = [mixer.scene(seed + i, kinds=kinds) for i in range(SCENES_PER_SHARD)]
    features = np.stack([log_mel(s.samples) for s in scenes]).astype(np.float16)
    np.save(stem.with_suffix(".features.npy"), features)
    np.save(stem.with_suffix(".labels.npy"), np.stack([s.labels for s in scenes]))
    partial = stem.with_suffix(".partial")
    partial.write_text(json.dumps([s.about for s in scenes]))
    os.replace(partial, done)


class Shards:
    """Random access over the finished shards of some folders, without scenes that use a held-out or left-out source."""

    def __init__(self, *folders: Path, hold_out: tuple[str, ...] = ()):
        self.folders, self.hold_out = [Path(f) for f in folders], set(hold_out)
        self.absent = self.hold_out | set(LEFT_OUT)
        self.features: list[np.ndarray] = []
        self.labels: list[np.ndarray] = []
        self.about: list[dict] = []
        self.place: list[tuple[int, int]] = []
        self.seen: set[Path] = set()
        self.refresh()

    def refresh(self) -> int:
        """Takes up shards that were finished since; returns the number of scenes."""
        for path in (p for folder in self.folders for p in shard_paths(folder)):
            if path in self.seen:
                continue
            self.seen.add(path)
            self.features.append(np.load(path.with_suffix(".features.npy"), mmap_mode="r"))
            self.labels.append(np.load(path.with_suffix(".labels.npy"), mmap_mode="r"))
            for i, about in enumerate(json.loads(path.read_text())):
                if not self.absent & set(about["sources"]):
                    self.place.append((len(self.features) - 1, i))
                    self.about.append(about)
        return len(self.place)

    def batch(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Features float32 [batch, frames, 64] and labels uint8 [batch, frames, 3]."""
        chosen = [self.place[i] for i in indices]
        features = np.stack([self.features[s][i] for s, i in chosen]).astype(np.float32)
        return features, np.stack([self.labels[s][i] for s, i in chosen])


class Scenes:
    """The scenes of some shards as tensors on a device: read from disk when they are asked for or, for a GPU, held in
    its memory."""

    def __init__(self, shards: Shards, device: torch.device, hold: bool | None = None):
        self.shards, self.device = shards, device
        self.held: tuple[Tensor, Tensor] | None = None
        if device.type != "cpu" if hold is None else hold:
            # a shard at a time: a file is read once, and no second copy of everything is made on the way
            chosen: list[list[int]] = [[] for _ in shards.features]
            for shard, scene in shards.place:
                chosen[shard].append(scene)
            load = lambda arrays: torch.cat(
                [torch.from_numpy(a[c]).to(device) for a, c in zip(arrays, chosen, strict=True) if c]
            )
            self.held = load(shards.features), load(shards.labels)

    @property
    def about(self) -> list[dict]:
        """How each scene was made."""
        return self.shards.about

    def __len__(self) -> int:
        return len(self.shards.place)

    def refresh(self) -> bool:
        """Takes up shards that were finished since, unless scenes are held in memory; whether there are more now."""
        before = len(self)
        return self.held is None and self.shards.refresh() > before

    def batch(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Features float32 [batch, frames, 64] and labels uint8 [batch, frames, 3]."""
        if self.held is not None:
            return self.held[0][indices].float(), self.held[1][indices]
        features, labels = self.shards.batch(indices.numpy())
        return torch.from_numpy(features), torch.from_numpy(labels)
