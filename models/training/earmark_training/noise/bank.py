"""What the trained layers see, computed once: statistics of stored and of new mixtures with their targets.

The front of the network has nothing to train, and it costs more than the rest: training on a bank takes a tenth of the
time.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import torch

from . import KINDS
from .network import Gauge
from .shards import Shards
from .targets import targets

CHUNK = 32
EQUALISED_SHARE = 0.5
FIELDS = ("statistics", "power_dbfs", "noise", "weight", "speech_dbfs", "noise_dbfs", "kind_weight")


def build(model: Gauge, shards: Shards, path: Path, remixes: int, seed: int = 1, plain: bool = False) -> None:
    """Writes the bank of all stored scenes and of `remixes` new mixtures of them. `plain`: as they are, without an
    equaliser."""
    path = Path(path)
    if path.with_suffix(".json").exists():
        return
    rng = np.random.default_rng([seed, 5])
    jobs = [("stored", i) for i in range(len(shards.place))] + [("remixed", 0)] * remixes
    rows: dict[str, list] = {name: [] for name in (*FIELDS, "kinds")}
    for start in range(0, len(jobs), CHUNK):
        made = [shards.stored(i) if how == "stored" else shards.remixed(rng) for how, i in jobs[start : start + CHUNK]]
        if not plain:
            made = [m.equalised(rng) if rng.random() < EQUALISED_SHARE else m for m in made]
        features = torch.from_numpy(np.stack([m.features for m in made]))
        with torch.no_grad():
            statistics, power_dbfs, _, _ = model.statistics(features, *model.zero_states(len(made))[:2])
        rows["statistics"].append(statistics.numpy().astype(np.float16))
        rows["power_dbfs"].append(power_dbfs.numpy().astype(np.float16))
        for m in made:
            t = targets(m.power, m.kind)
            for name in FIELDS[2:]:
                rows[name].append(getattr(t, name)[None].astype(np.float32))
            rows["kinds"].append(np.int8(KINDS.index(m.kind) if m.kind else -1))
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
        self.arrays = {
            name: np.load(f"{path}.{name}.npy", mmap_mode="r" if name in FIELDS[:2] else None) for name in FIELDS
        }
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
