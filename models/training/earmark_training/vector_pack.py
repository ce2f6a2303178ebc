"""What packs have in common whose networks give a vector per hop: the file, the manifest, parity, speed."""

from __future__ import annotations

import time
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn

from . import FRAMES_PER_SECOND, reshape
from .export import BATCH_FRAMES, OPSET, probe
from .features import BANDS, spec
from .runtime import PackRuntime


def export_onnx(network: nn.Module, path: Path) -> list[dict]:
    """Writes the file; gives its states as `pack.json` names them: the file has time first, see `reshape`."""
    states = network.zero_states()
    inputs = ["features", *[f"state_{i}" for i in range(len(states))]]
    outputs = ["vectors", *[f"next_state_{i}" for i in range(len(states))]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (torch.zeros(1, BATCH_FRAMES, BANDS), *states),
            str(path),
            input_names=inputs,
            output_names=outputs,
            opset_version=OPSET,
            dynamo=False,
            dynamic_axes={"features": {1: "T"}, "vectors": {1: "hops"}},
        )
    names = zip(inputs[1:], outputs[1:], network.state_shapes(), strict=True)
    turned = reshape.rewrite(path, [{"input": i, "output": o, "shape": shape} for i, o, shape in names])
    reshape.halve_weights(path)
    return turned


def manifest(task: str, states: list[dict], hop_frames: int, lookahead_frames: int, dim: int) -> dict:
    """What `pack.json` says of such a network."""
    return {
        "task": task,
        "features": spec(),
        "input": "features",
        "output": "vectors",
        "states": states,
        "hop_frames": hop_frames,
        "lookahead_frames": lookahead_frames,
        "vectors": {"dim": dim},
    }


@torch.no_grad()
def parity(whole, folder: Path) -> dict:
    """Largest differences PyTorch - ONNX Runtime, and in calls of one hop or of a batch - in one call, all as shares of
    the largest value. `whole`: PyTorch's vectors of complete features [batch, frames, 64]."""
    features = probe()
    runtime = PackRuntime(folder)
    reference = whole(torch.from_numpy(features)[None])[0].numpy()
    at_once, by_hop, by_batch = (
        runtime.vectors(features, frames) for frames in (None, runtime.pack["hop_frames"], BATCH_FRAMES)
    )
    largest = float(np.abs(reference).max())
    apart = lambda a, b: float(np.abs(a - b).max()) / largest
    return {
        "pytorch_onnxruntime": apart(reference, at_once),
        "hop_whole": apart(by_hop, at_once),
        "batch_whole": apart(by_batch, at_once),
    }


def real_time_factor(runtime: PackRuntime) -> float:
    """Seconds of one core for a second of sound, in calls of one hop; ONNX Runtime, this machine."""
    features = probe()
    began = time.process_time()
    runtime.vectors(features, runtime.pack["hop_frames"])
    return round((time.process_time() - began) / (len(features) / FRAMES_PER_SECOND), 5)
