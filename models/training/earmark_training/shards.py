"""Mixtures as files: a background process draws scenes and stores features (float16) and labels (uint8).

Generation and training so use different cores, every experiment sees the same data, and a scene's sources stand
beside it, so that held-out sources can be left away when reading. Shard k of a split always holds the same scenes, and
a
set of shards always has the same order, so that what a training step gets depends on nothing but its seed.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import numpy as np

from .corpus import Cache, CorpusError
from .features import log_mel
from .mixing import KINDS, Mixer
from .sources import ClipBank, is_hard
from .splits import LEFT_OUT, check, select
from .teachers import Teachers

SCENES_PER_SHARD = 128
SEED_BASE = {"train": 0, "valid": 1_000_000_000, "test": 1_500_000_000, "held-out": 2_000_000_000}


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
    teachers: Teachers | None = None,
) -> None:
    """Writes shards `first, first+step, ...` (`count` of them); those that exist are kept.

    `kinds`: other shares of scenes. `hard`: only music and noise that are easily taken for speech.
    """
    check(cache.clips)
    clips = select(cache.clips, split, hold_out)
    mixer = Mixer(ClipBank(cache, [c for c in clips if is_hard(c)] if hard else clips, teachers))
    pure, kinds = kinds is not None, possible(kinds or KINDS, mixer.bank)
    Path(folder).mkdir(parents=True, exist_ok=True)
    for index in range(first, first + count * step, step):
        write_shard(
            mixer,
            Path(folder) / f"shard-{index:05d}",
            SEED_BASE[split] + (2 * 10**8 if hard else 10**8 if pure else 0) + index * SCENES_PER_SHARD,
            kinds,
        )


def possible(kinds: dict[str, float], bank: ClipBank) -> dict[str, float]:
    """The shares of those kinds of scene that can be made of what a bank has; noise can always be made by rule."""
    needs = {"music": "music", "song": "music", "speech": "speech", "singing": "speech", "babble": "speech"}
    made = {k: share for k, share in kinds.items() if all(bank.has(needs[p]) for p in k.split("+") if p in needs)}
    if not made:
        raise CorpusError(f"nothing to make {', '.join(kinds)} scenes of")
    return made


def write_shard(mixer: Mixer, stem: Path, seed: int, kinds: dict[str, float] | None) -> None:
    """One shard: `.features.npy` [scenes, frames, 64], `.labels.npy` [scenes, frames, labels], `.json` (last, as the
    mark)."""
    done = stem.with_suffix(".json")
    if done.exists():
        return
    scenes = [mixer.scene(seed + i, kinds=kinds) for i in range(SCENES_PER_SHARD)]
    features = np.stack([log_mel(s.samples) for s in scenes]).astype(np.float16)
    np.save(stem.with_suffix(".features.npy"), features)
    np.save(stem.with_suffix(".labels.npy"), np.stack([s.targets for s in scenes]))
    partial = stem.with_suffix(".partial")
    partial.write_text(json.dumps([s.about for s in scenes]))
    os.replace(partial, done)


class Shards:
    """Random access over the finished shards of some folders, without scenes that use a held-out or left-out source.

    What is finished when it is made counts; shards that appear later belong to another training.
    """

    def __init__(self, *folders: Path, hold_out: tuple[str, ...] = ()):
        self.hold_out = set(hold_out)
        absent = self.hold_out | set(LEFT_OUT)
        self.paths = [path for folder in folders for path in shard_paths(folder)]
        self.features: list[np.ndarray] = []
        self.labels: list[np.ndarray] = []
        self.about: list[dict] = []
        self.place: list[tuple[int, int]] = []
        for number, path in enumerate(self.paths):
            self.features.append(np.load(path.with_suffix(".features.npy"), mmap_mode="r"))
            self.labels.append(np.load(path.with_suffix(".labels.npy"), mmap_mode="r"))
            for i, about in enumerate(json.loads(path.read_text())):
                if not absent & set(about["sources"]):
                    self.place.append((number, i))
                    self.about.append(about)

    def __len__(self) -> int:
        return len(self.place)

    def digest(self) -> str:
        """sha256 of which scenes there are, in which order: what a run was trained on and has to go on with."""
        digest = hashlib.sha256(repr(sorted(self.hold_out)).encode())
        for path in self.paths:
            digest.update(f"{path.parent.name}/{path.name}".encode() + path.read_bytes())
        return digest.hexdigest()

    def batch(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Features float32 [batch, frames, 64] and targets uint8 [batch, frames, labels] as `targets` stores them."""
        chosen = [self.place[i] for i in indices]
        features = np.stack([self.features[s][i] for s, i in chosen]).astype(np.float32)
        return features, np.stack([self.labels[s][i] for s, i in chosen])
