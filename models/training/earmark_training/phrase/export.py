"""Writes `model.onnx`, `pack.json` and the negatives of a phrase pack, and refuses to if the file does not compute
what the network computes."""

from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path

import numpy as np
import torch

from .. import reshape
from ..export import BATCH_FRAMES, OPSET, probe, round_weights, within_limit, write_manifest
from ..features import BANDS, PAD_DB, spec
from ..network import parameter_count
from ..runtime import PackRuntime
from .network import DIM, Phrase


class Listener:
    """A finished pack of task `phrase` in ONNX Runtime: vectors of recordings."""

    def __init__(self, folder: Path):
        self.runtime = PackRuntime(folder)
        self.pack, self.session = self.runtime.pack, self.runtime.session

    def vectors(self, features: np.ndarray, frames_per_call: int | None = None) -> np.ndarray:
        """Vectors [hops, dim] of features [frames, 64], aligned with the recording; it is filled up to whole hops."""
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


def write_pack(network: Phrase, folder: Path, version: str, data: list[dict]) -> dict:
    """`model.onnx` and `pack.json` in `folder`; checks parity; returns the parity figures."""
    folder.mkdir(parents=True, exist_ok=True)
    network.eval()
    if not network.folded:
        network.fold()
    round_weights(network)
    states = _export_onnx(network, folder / "model.onnx")
    manifest = {
        "task": "phrase",
        "features": spec(),
        "input": "features",
        "output": "vectors",
        "states": states,
        "hop_frames": network.shape.hop_frames,
        "lookahead_frames": network.shape.lookahead_frames,
        "vectors": {"dim": DIM},
    }
    write_manifest(folder, "phrase", version, parameter_count(network), data, manifest)
    return within_limit(folder, check_parity(network, folder))


def _export_onnx(network: Phrase, path: Path) -> list[dict]:
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


@torch.no_grad()
def check_parity(network: Phrase, folder: Path) -> dict:
    """Largest differences PyTorch - ONNX Runtime, and in calls of one hop or of a batch - in one call, all as shares of
    the largest value."""
    features = probe()
    listener = Listener(folder)
    reference = network.whole(torch.from_numpy(features)[None])[0].numpy()
    whole, by_hop, by_batch = (listener.vectors(features, n) for n in (None, network.shape.hop_frames, BATCH_FRAMES))
    largest = float(np.abs(reference).max())
    apart = lambda a, b: float(np.abs(a - b).max()) / largest
    return {
        "pytorch_onnxruntime": apart(reference, whole),
        "hop_whole": apart(by_hop, whole),
        "batch_whole": apart(by_batch, whole),
    }


def write_trained(folder: Path, files: list[Path]) -> None:
    """`trained.txt`: the first 16 hexadecimal digits of the SHA-256 of each file that was trained on, so that no phrase
    is judged that was enrolled from one."""
    hashes = sorted({hashlib.sha256(file.read_bytes()).hexdigest()[:16] for file in files})
    (folder / "trained.txt").write_text("\n".join(hashes) + "\n")


def write_negatives(folder: Path, vectors: np.ndarray) -> None:
    """`negatives.bin`: a line of JSON, then unit vectors [n, dim] times 127 as int8, in the order in which they were
    heard. A profile's false alarms per hour are measured on them."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    pack = json.loads((folder / "pack.json").read_text())
    header = {"format": 1, "dim": DIM, "count": len(unit), "hop_s": pack["hop_frames"] / 100, "model_sha256": digest}
    body = np.round(unit * 127).astype(np.int8).tobytes()
    (folder / "negatives.bin").write_bytes(json.dumps(header).encode() + b"\n" + body)
