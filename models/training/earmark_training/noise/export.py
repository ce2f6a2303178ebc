"""Writes `model.onnx` and `pack.json` of a noise pack, and refuses to if the file does not compute what the model
computes."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ..export import BATCH_FRAMES, OPSET, probe, within_limit, write_manifest
from ..features import BANDS, spec
from ..runtime import PackRuntime
from . import COLUMNS, KINDS, POWER_FLOOR, STEP_FRAMES
from .network import LEVEL_SPAN_DB, Gauge, parameter_count

STATES = ("levels", "past", "memory")


class PerFrame(nn.Module):
    """The graph that ships: probabilities, levels as (dBFS + 120) / 120, each step's answer for each of its frames."""

    def __init__(self, gauge: Gauge):
        super().__init__()
        self.gauge = gauge

    def forward(self, features, levels, past, memory):
        """features [1, T, 64], states -> rows [1, T, 8], new states."""
        out, levels, past, memory = self.gauge(features, levels, past, memory)
        probabilities = torch.sigmoid(out[:, :, : len(KINDS) + 1])
        dbfs = torch.clamp((out[:, :, len(KINDS) + 1 :] + LEVEL_SPAN_DB) * (1.0 / LEVEL_SPAN_DB), 0.0, 1.0)
        rows = torch.cat([probabilities, dbfs], 2)
        return torch.cat([rows[:, :, None]] * STEP_FRAMES, 2).reshape(1, -1, len(COLUMNS)), levels, past, memory


def write_pack(model: Gauge, folder: Path, name: str, version: str, thresholds: dict, data: list[dict]) -> dict:
    """`model.onnx` and `pack.json` in `folder`; checks parity; returns the parity figures."""
    folder.mkdir(parents=True, exist_ok=True)
    graph, states = PerFrame(model.eval()), model.zero_states()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph,
            (torch.zeros(1, BATCH_FRAMES, BANDS), *states),
            str(folder / "model.onnx"),
            input_names=["features", *STATES],
            output_names=["rows", *(f"next_{s}" for s in STATES)],
            opset_version=OPSET,
            dynamo=False,
            dynamic_axes={"features": {1: "T"}, "rows": {1: "T"}},
        )
    write_manifest(
        folder,
        name,
        version,
        parameter_count(model),
        data,
        {
            "task": "noise",
            "features": spec(POWER_FLOOR),
            "input": "features",
            "output": "rows",
            "states": [
                {"input": s, "output": f"next_{s}", "shape": shape}
                for s, shape in zip(STATES, model.state_shapes(), strict=True)
            ],
            "hop_frames": STEP_FRAMES,
            "lookahead_frames": 0,
            "labels": list(COLUMNS),
            "thresholds": thresholds,
        },
    )
    return within_limit(folder, check_parity(model, folder))


@torch.no_grad()
def check_parity(model: Gauge, folder: Path) -> dict:
    """Largest differences PyTorch - ONNX Runtime, and in calls of one step or of a batch - in one call."""
    features = probe()
    runtime = PackRuntime(folder)
    reference = PerFrame(model.eval())(torch.from_numpy(features)[None], *model.zero_states())[0][0].numpy()
    whole, by_step, by_batch = (runtime.scores(features, n) for n in (None, STEP_FRAMES, BATCH_FRAMES))
    return {
        "pytorch_onnxruntime": float(np.abs(reference - whole).max()),
        "step_whole": float(np.abs(by_step - whole).max()),
        "batch_whole": float(np.abs(by_batch - whole).max()),
    }
