"""Writes `model.onnx` and `pack.json`, and refuses to if the file does not compute what the model computes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn

from . import LABELS, TrainingError, reshape
from .features import BANDS, PAD_DB, spec
from .network import Ear, parameter_count
from .runtime import PackRuntime

OPSET = 17
BATCH_FRAMES = 400
PARITY_LIMIT = 1e-5


class ExportError(TrainingError):
    """The exported file differs from the model."""


class WithSigmoid(nn.Module):
    """The graph that ships: probabilities instead of logits."""

    def __init__(self, ear: Ear):
        super().__init__()
        self.ear = ear

    def forward(self, features, *states):
        """features [1, T, 64], states -> activity [1, T, labels], new states."""
        logits, *new_states = self.ear(features, *states)
        return torch.sigmoid(logits), *new_states


def export_onnx(model: Ear, path: Path, frames: int | None = None) -> list[dict]:
    """One file with the symbolic dimension "T", or with a fixed number of frames (for timing).

    Gives its states as `pack.json` names them: the file has time first, see `reshape`.
    """
    if not model.folded:
        model.fold()
    round_weights(model)
    graph = WithSigmoid(model.eval())
    states = model.zero_states()
    inputs = ["features", *[f"state_{i}" for i in range(len(states))]]
    outputs = ["activity", *[f"next_state_{i}" for i in range(len(states))]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph,
            (torch.zeros(1, frames or BATCH_FRAMES, BANDS), *states),
            str(path),
            input_names=inputs,
            output_names=outputs,
            opset_version=OPSET,
            dynamo=False,
            dynamic_axes=None if frames else {"features": {1: "T"}, "activity": {1: "T"}},
        )
    names = zip(inputs[1:], outputs[1:], model.state_shapes(), strict=True)
    states = reshape.rewrite(path, [{"input": i, "output": o, "shape": shape} for i, o, shape in names])
    reshape.halve_weights(path)
    return states


@torch.no_grad()
def round_weights(model: nn.Module) -> None:
    """Rounds all matrices to what 16 bits hold, so that the file and the model that is measured are one."""
    for weight in (p for p in model.parameters() if p.dim() > 1):
        weight.copy_(weight.half().float())


def write_pack(
    model: Ear, folder: Path, name: str, version: str, thresholds: dict, data: list[dict], sure: dict | None = None
) -> dict:
    """`model.onnx` and `pack.json` in `folder`; checks parity; returns the parity figures. `sure`: see
    `calibrate.choose_sure`."""
    folder.mkdir(parents=True, exist_ok=True)
    states = export_onnx(model, folder / "model.onnx")
    write_manifest(
        folder,
        name,
        version,
        parameter_count(model),
        data,
        {
            "task": "activity",
            "features": spec(),
            "input": "features",
            "output": "activity",
            "states": states,
            "hop_frames": model.shape.hop_frames,
            "lookahead_frames": model.shape.lookahead_frames,
            "labels": list(LABELS),
            "thresholds": thresholds,
            **({"confirm": sure} if sure else {}),
        },
    )
    return within_limit(folder, check_parity(model, folder))


def write_manifest(folder: Path, name: str, version: str, parameters: int, data: list[dict], network: dict) -> None:
    """`pack.json` beside a finished `model.onnx`; `network` says what only this kind of pack can."""
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    pack = {
        "format": 1,
        "name": name,
        "version": version,
        "model": {"file": "model.onnx", "sha256": digest, "parameters": parameters},
        "time_axis": "T",
        "batch_frames": BATCH_FRAMES,
        **network,
        "licence": "MIT OR Apache-2.0",
        "data": [{k: row[k] for k in ("source", "licence", "attribution", "hours")} for row in data],
        "metrics": "metrics.json",
        "card": "CARD.md",
    }
    (folder / "pack.json").write_text(json.dumps(pack, indent=1, ensure_ascii=False) + "\n")


def within_limit(folder: Path, parity: dict) -> dict:
    """The parity figures, if all are small enough to ship."""
    worst = max(parity.values())
    if worst > PARITY_LIMIT:
        raise ExportError(f"{folder}: exported file differs by {worst:.2e} (limit {PARITY_LIMIT:.0e}): {parity}")
    return parity


def fresh_folder(out: Path, name: str) -> Path:
    """Where a pack is made until `put_in_place` gives it its name; nothing is in it."""
    folder = out / f".{name}.new"
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def put_in_place(folder: Path, out: Path, name: str) -> None:
    """The finished pack in `folder` becomes `out/name`, in one rename; what was there goes."""
    final, old = out / name, out / f".{name}.old"
    shutil.rmtree(old, ignore_errors=True)
    if final.exists():
        os.rename(final, old)
    os.rename(folder, final)
    shutil.rmtree(old, ignore_errors=True)
    print(f"{final}: written")


def probe(frames: int = 2000) -> np.ndarray:
    """Features [frames, 64] over all levels, digital silence among them: what files are compared on."""
    rng = np.random.default_rng(0)
    level = np.repeat(rng.uniform(-90, 20, (frames // 50, 1)), 50, axis=0)
    return np.maximum(level + rng.normal(0, 8, (frames, BANDS)), PAD_DB).astype(np.float32)


@torch.no_grad()
def check_parity(model: Ear, folder: Path) -> dict:
    """Largest differences PyTorch - ONNX Runtime, and ONNX Runtime in chunks of one hop - in chunks of 400."""
    features = probe()
    runtime = PackRuntime(folder)
    reference = torch.sigmoid(model.eval().whole(torch.from_numpy(features)[None]))[0].numpy()
    whole, by_hop, by_batch = (runtime.scores(features, n) for n in (None, model.shape.hop_frames, BATCH_FRAMES))
    return {
        "pytorch_onnxruntime": float(np.abs(reference - whole).max()),
        "hop_whole": float(np.abs(by_hop - whole).max()),
        "hop_batch": float(np.abs(by_hop - by_batch).max()),
    }
