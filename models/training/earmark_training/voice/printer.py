"""Runs a finished pack of task `voice`: what is measured is the file that ships."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..features import BANDS, PAD_DB
from ..runtime import PackRuntime


class Printer:
    """Rows and embeddings of recordings."""

    def __init__(self, folder: Path):
        self.runtime = PackRuntime(folder)
        self.pack, self.session = self.runtime.pack, self.runtime.session

    def rows(self, features: np.ndarray, frames_per_call: int | None = None) -> np.ndarray:
        """Rows [hops, dim] of features [frames, 64], aligned with the recording; it is filled up to whole hops."""
        delay, hop = self.pack["lookahead_frames"], self.pack["hop_frames"]
        hops = -(-len(features) // hop)
        padded = np.full((hops * hop + delay, BANDS), PAD_DB, np.float32)
        padded[: len(features)] = features
        states = {s["input"]: np.zeros(s["shape"], np.float32) for s in self.pack["states"]}
        said = []
        step = frames_per_call or len(padded)
        for start in range(0, len(padded), step):
            outputs = self.session.run(None, {self.pack["input"]: padded[None, start : start + step], **states})
            named = dict(zip(self.runtime.names, outputs, strict=True))
            said.append(named[self.pack["output"]][0])
            states = {s["input"]: named[s["output"]] for s in self.pack["states"]}
        return np.concatenate(said)[delay // hop :]

    def embedding(self, features: np.ndarray) -> np.ndarray:
        """One vector of length 1 for a whole recording."""
        total = self.rows(features).sum(0)
        return total / max(float(np.linalg.norm(total)), 1e-9)
