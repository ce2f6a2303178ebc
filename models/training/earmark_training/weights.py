"""The weights of a finished pack, as the start of another training: out of its ONNX file, back into the network.

A pack may have fewer labels than are trained now; what it cannot say begins at "hardly ever", with no weights.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from . import LABELS
from .corpus import CorpusError
from .network import Ear, Shape

NEVER_LOGIT = -4.0
MATRIX = "_matrix"
"""What `reshape` appends to the name of a convolution's weights when it lays them out as a matrix."""


def load_pack(folder: Path, shape: Shape) -> Ear:
    """A folded network of `shape` with the weights of a pack folder; `CorpusError` where they do not fit."""
    pack = json.loads((Path(folder) / "pack.json").read_text())
    graph = onnx.load(Path(folder) / pack["model"]["file"]).graph
    stored = {t.name.removesuffix("_16"): numpy_helper.to_array(t).astype(np.float32) for t in graph.initializer}
    model = Ear(shape)
    own = model.state_dict()
    values = {name.removeprefix("ear."): value for name, value in stored.items() if name.startswith("ear.")}
    for name in [name for name in values if name.endswith(MATRIX)]:
        values |= _convolution(name.removesuffix(MATRIX), values.pop(name), own)
    gru = next((n for n in graph.node if n.op_type == "GRU"), None)
    if gru is not None:
        values |= _gru(*(stored[name] for name in gru.input[1:4]))
    head = next((n for n in graph.node if n.op_type == "MatMul" and n.output[0].startswith("/ear/head")), None)
    if head is not None:
        values["head.weight"] = stored[head.input[1]].T
    for name in ("head", "correction"):
        if f"{name}.weight" in values:
            widen(values, name, pack["labels"], shape.hop_frames)
    missing = {name for name in own if name not in ("basis", "patch_mean")} - values.keys()
    wrong = [name for name, value in values.items() if name not in own or own[name].shape != value.shape]
    if missing or wrong:
        raise CorpusError(f"{folder}: its weights are not those of this shape: {', '.join(sorted({*missing, *wrong}))}")
    own["patch_mean"] = torch.zeros_like(own["patch_mean"])  # the file's first layer is a plain one
    model.load_state_dict({**own, **{name: torch.from_numpy(value.copy()) for name, value in values.items()}})
    model.folded = True
    return model.eval()


def _convolution(name: str, matrix: np.ndarray, own: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """Weights [out, in, taps] of a matrix [taps * in, out]; as it is where `own` network has no such weights."""
    _, channels, taps = own[name].shape if name in own else (0, 0, 0)
    if len(matrix) != channels * taps:
        return {name + MATRIX: matrix}
    return {name: matrix.reshape(taps, channels, -1).transpose(2, 1, 0)}


def _gru(weight: np.ndarray, recurrent: np.ndarray, bias: np.ndarray) -> dict[str, np.ndarray]:
    """ONNX orders the gates update, reset, new; PyTorch reset, update, new."""
    size = recurrent.shape[2]

    def gates(rows: np.ndarray) -> np.ndarray:
        return np.concatenate([rows[size : 2 * size], rows[:size], rows[2 * size :]])

    return {
        "gru.weight_ih_l0": gates(weight[0]),
        "gru.weight_hh_l0": gates(recurrent[0]),
        "gru.bias_ih_l0": gates(bias[0][: 3 * size]),
        "gru.bias_hh_l0": gates(bias[0][3 * size :]),
    }


def widen(values: dict[str, np.ndarray], name: str, labels: list[str], hop_frames: int) -> None:
    """Rows of an output layer for `LABELS` instead of `labels` (in place)."""
    never = NEVER_LOGIT if name == "head" else 0.0
    for part, missing in (("weight", 0.0), ("bias", never)):
        rows = values[f"{name}.{part}"].reshape(hop_frames, len(labels), -1)
        wide = np.full((hop_frames, len(LABELS), rows.shape[2]), missing, np.float32)
        for number, label in enumerate(labels):
            wide[:, LABELS.index(label)] = rows[:, number]
        values[f"{name}.{part}"] = wide.reshape(-1, *values[f"{name}.{part}"].shape[1:])
