"""Runs an exported pack with ONNX Runtime: what is measured is the file that ships, not the PyTorch model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime

from . import LABELS
from .features import PAD_DB, log_mel


class PackRuntime:
    """One pack of any task; `scores` is the network alone, `listen` starts from samples."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        self.pack = json.loads((self.folder / "pack.json").read_text())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            str(self.folder / self.pack["model"]["file"]), options, providers=["CPUExecutionProvider"]
        )
        own = self.pack["labels"] if self.pack["task"] == "activity" else None
        self.columns = own and [own.index(n) if n in own else None for n in LABELS]
        self.names = [o.name for o in self.session.get_outputs()]

    def scores(self, features: np.ndarray, frames_per_call: int | None = None) -> np.ndarray:
        """Outputs [frames, columns] aligned with the frames of a whole recording; of an activity pack the probabilities
        of `LABELS` in their order, zeros for what the pack has no label for."""
        delay, hop = self.pack["lookahead_frames"], self.pack["hop_frames"]
        frames = len(features)
        total = -(-(frames + delay) // hop) * hop
        padded = np.full((total, features.shape[1]), PAD_DB, np.float32)
        padded[:frames] = features
        said = self._rows(padded, frames_per_call or total)[delay : delay + frames]
        if self.columns is None:
            return said
        silent = np.zeros(frames, np.float32)
        return np.stack([silent if k is None else said[:, k] for k in self.columns], 1)

    def vectors(self, features: np.ndarray, frames_per_call: int | None = None) -> np.ndarray:
        """Rows [hops, dim] of a pack that gives vectors, aligned with a recording, which is filled up to whole hops."""
        delay, hop = self.pack["lookahead_frames"], self.pack["hop_frames"]
        padded = np.full((-(-len(features) // hop) * hop + delay, features.shape[1]), PAD_DB, np.float32)
        padded[: len(features)] = features
        return self._rows(padded, frames_per_call or len(padded))[delay // hop :]

    def _rows(self, padded: np.ndarray, step: int) -> np.ndarray:
        """What the network says of frames, from the start of a stream, `step` frames a call."""
        states = {s["input"]: np.zeros(s["shape"], np.float32) for s in self.pack["states"]}
        rows = []
        for start in range(0, len(padded), step):
            said = self.session.run(None, {self.pack["input"]: padded[None, start : start + step], **states})
            outputs = dict(zip(self.names, said, strict=True))
            rows.append(outputs[self.pack["output"]][0])
            states = {s["input"]: outputs[s["output"]] for s in self.pack["states"]}
        return np.concatenate(rows)

    def listen(self, samples: np.ndarray) -> np.ndarray:
        """Probabilities [frames, labels] of mono samples at 16 kHz."""
        return self.scores(log_mel(samples))
