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
        states = {s["input"]: np.zeros(s["shape"], np.float32) for s in self.pack["states"]}
        rows, step = [], frames_per_call or total
        for start in range(0, total, step):
            outputs = dict(
                zip(
                    self.names,
                    self.session.run(None, {self.pack["input"]: padded[None, start : start + step], **states}),
                    strict=True,
                )
            )
            rows.append(outputs[self.pack["output"]][0])
            states = {s["input"]: outputs[s["output"]] for s in self.pack["states"]}
        said = np.concatenate(rows)[delay : delay + frames]
        if self.columns is None:
            return said
        silent = np.zeros(frames, np.float32)
        return np.stack([silent if k is None else said[:, k] for k in self.columns], 1)

    def listen(self, samples: np.ndarray) -> np.ndarray:
        """Probabilities [frames, labels] of mono samples at 16 kHz."""
        return self.scores(log_mel(samples))
