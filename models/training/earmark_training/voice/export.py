"""Writes `model.onnx` and `pack.json` of a voice pack, and refuses to if the file does not compute what the model
computes."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import torch

from .. import reshape
from ..export import BATCH_FRAMES, OPSET, probe, round_weights, within_limit, write_manifest
from ..features import BANDS, spec
from . import HOP_FRAMES
from .network import LOOKAHEAD_FRAMES, Voiceprint, parameter_count
from .printer import Printer


def write_pack(model: Voiceprint, folder: Path, name: str, version: str, data: list[dict], more: dict) -> dict:
    """`model.onnx` and `pack.json` in `folder`; checks parity; returns the parity figures. `more`: further keys of
    `pack.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    if not model.folded:
        model.fold()
    round_weights(model)
    states = _export_onnx(model.eval(), folder / "model.onnx")
    write_manifest(
        folder,
        name,
        version,
        parameter_count(model),
        data,
        {
            "task": "voice",
            "features": spec(),
            "input": "features",
            "output": "vectors",
            "states": states,
            "hop_frames": HOP_FRAMES,
            "lookahead_frames": LOOKAHEAD_FRAMES,
            "vectors": {"dim": model.shape.dim},
            **more,
        },
    )
    return within_limit(folder, check_parity(model, folder))


def _export_onnx(model: Voiceprint, path: Path) -> list[dict]:
    """Writes the file; gives its states as `pack.json` names them: the file has time first, see `reshape`."""
    states = model.zero_states()
    inputs = ["features", *[f"state_{i}" for i in range(len(states))]]
    outputs = ["vectors", *[f"next_state_{i}" for i in range(len(states))]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (torch.zeros(1, BATCH_FRAMES, BANDS), *states),
            str(path),
            input_names=inputs,
            output_names=outputs,
            opset_version=OPSET,
            dynamo=False,
            dynamic_axes={"features": {1: "T"}, "vectors": {1: "hops"}},
        )
    names = zip(inputs[1:], outputs[1:], model.state_shapes(), strict=True)
    turned = reshape.rewrite(path, [{"input": i, "output": o, "shape": shape} for i, o, shape in names])
    reshape.halve_weights(path)
    return turned


@torch.no_grad()
def check_parity(model: Voiceprint, folder: Path) -> dict:
    """Largest differences PyTorch - ONNX Runtime, and in calls of one hop or of a batch - in one call, all as shares of
    the largest value."""
    features = probe()
    printer = Printer(folder)
    reference = model.eval().rows(torch.from_numpy(features)[None])[0].numpy()
    whole, by_hop, by_batch = (printer.rows(features, n) for n in (None, HOP_FRAMES, BATCH_FRAMES))
    largest = float(np.abs(reference).max())
    apart = lambda a, b: float(np.abs(a - b).max()) / largest
    return {
        "pytorch_onnxruntime": apart(reference, whole),
        "hop_whole": apart(by_hop, whole),
        "batch_whole": apart(by_batch, whole),
    }
