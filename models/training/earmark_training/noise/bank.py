"""What the trained layers see, computed once: statistics of stored and of new mixtures with their targets.

The front of the network has nothing to train, and it costs more than the rest: training on a bank takes a tenth of the time.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import torch

from ..features import BANDS, PAD_DB
from . import KINDS
from .network import Gauge
from .shards import Shards
from .targets import targets

CHUNK = 32
RELEVEL_DB = (-24.0, 16.0)
"""Stored scenes peak at -40 to 0 dBFS."""
FIELDS = ("statistics", "power_dbfs", "noise", "weight", "speech_dbfs", "noise_dbfs", "kind_weight")


def equalise(features: np.ndarray, rng: np.random.Generator, strength_db: float = 5.0) -> np.ndarray:
    """A smooth equaliser on half of the scenes (exact above the floor); it moves SNR in bands, hardly the whole."""
    batch = len(features)
    knots = rng.normal(0.0, strength_db / 2, (batch, 6)) * (rng.random((batch, 1)) < 0.5)
    curve = np.stack([np.interp(np.linspace(0, 5, BANDS), np.arange(6), k) for k in knots])[:, None, :]
    return np.where(features > PAD_DB + 2.0, features + curve.astype(np.float32), features)


def relevel(features: np.ndarray, power: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Another gain, exact above the floor: beginnings and drop-outs are all that it may change."""
    gain_db = np.float32(rng.uniform(*RELEVEL_DB))
    return np.where(features > PAD_DB, np.maximum(features + gain_db, PAD_DB), features), power * 10 ** (gain_db / 10)


def build(model: Gauge, shards: Shards, path: Path, remixes: int, seed: int = 1, plain: bool = False) -> None:
    """Writes the bank of all stored scenes and of `remixes` new mixtures of them. `plain`: without an equaliser."""
    path = Path(path)
    if path.with_suffix(".json").exists():
        return
    rng = np.random.default_rng([seed, 5])
    jobs = [("stored", i) for i in range(len(shards.place))] + [("remixed", 0)] * remixes
    rows: dict[str, list] = {name: [] for name in (*FIELDS, "kinds")}
    for start in range(0, len(jobs), CHUNK):
        made = [shards.stored(i) if how == "stored" else shards.remixed(rng) for how, i in jobs[start : start + CHUNK]]
        if not plain:
            made = [(*relevel(features, power, rng), kind) for features, power, kind in made]
        features = np.stack([m[0] for m in made])
        features = torch.from_numpy(features if plain else equalise(features, rng))
        with torch.no_grad():
            statistics, power_dbfs, _, _ = model.statistics(features, *model.zero_states(len(made))[:2])
        rows["statistics"].append(statistics.numpy().astype(np.float16))
        rows["power_dbfs"].append(power_dbfs.numpy().astype(np.float16))
        for _, power, kind in made:
            t = targets(power, kind)
            for name in FIELDS[2:]:
                rows[name].append(getattr(t, name)[None].astype(np.float32))
            rows["kinds"].append(np.int8(KINDS.index(kind) if kind else -1))
    for name in FIELDS:
        np.save(f"{path}.{name}.npy", np.concatenate(rows[name]))
    np.save(f"{path}.kinds.npy", np.array(rows["kinds"]))
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps({"stored": len(shards.place), "remixed": remixes, "about": shards.about}))
    os.replace(partial, path.with_suffix(".json"))


class Bank:
    """A bank in memory (its statistics on disk)."""

    def __init__(self, path: Path):
        path = Path(path)
        self.header = json.loads(path.with_suffix(".json").read_text())
        self.arrays = {name: np.load(f"{path}.{name}.npy", mmap_mode="r" if name in FIELDS[:2] else None) for name in FIELDS}
        self.kinds = np.load(f"{path}.kinds.npy")
        self.about = self.header["about"]

    def __len__(self) -> int:
        return len(self.kinds)

    def batch(self, rows: np.ndarray) -> dict[str, torch.Tensor]:
        """Tensors of some scenes."""
        rows = np.sort(rows)
        out = {name: torch.from_numpy(np.asarray(a[rows], np.float32)) for name, a in self.arrays.items()}
        steps = out["noise"].shape[1]
        kinds = torch.zeros(len(rows), steps, len(KINDS))
        for i, kind in enumerate(self.kinds[rows]):
            if kind >= 0:
                kinds[i, :, kind] = 1.0
        out["kinds"] = kinds
        return out
