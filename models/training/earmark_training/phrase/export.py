"""Writes `model.onnx`, `pack.json` and the negatives of a phrase pack, and refuses to if the file does not compute
what the network computes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from ..export import round_weights, within_limit, write_manifest
from ..network import parameter_count
from ..vector_pack import export_onnx, manifest, parity
from .law import LARGEST, halved
from .network import DIM, Phrase


def write_pack(network: Phrase, folder: Path, version: str, data: list[dict]) -> dict:
    """`model.onnx` and `pack.json` in `folder`; checks parity; returns the parity figures."""
    folder.mkdir(parents=True, exist_ok=True)
    network.eval()
    if not network.folded:
        network.fold()
    round_weights(network)
    states = export_onnx(network, folder / "model.onnx")
    shape = network.shape
    said = manifest("phrase", states, shape.hop_frames, shape.lookahead_frames, DIM)
    write_manifest(folder, "phrase", version, parameter_count(network), data, said)
    return within_limit(folder, parity(network.whole, folder))


def write_trained(folder: Path, files: list[Path]) -> None:
    """`trained.txt`: the first 16 hexadecimal digits of the SHA-256 of each file that was trained on, so that no phrase
    is judged that was enrolled from one."""
    hashes = sorted({hashlib.sha256(file.read_bytes()).hexdigest()[:16] for file in files})
    (folder / "trained.txt").write_text("\n".join(hashes) + "\n")


def write_negatives(folder: Path, vectors: np.ndarray, usual: dict) -> None:
    """`negatives.bin`, see `core/src/phrase/negatives.rs`: a line of JSON with the limits that phrases usually need,
    then vectors [n, dim] at half a byte a value, in the order in which they were heard."""
    halves = halved(vectors).astype(np.uint8) & 15
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    pack = json.loads((folder / "pack.json").read_text())
    header = {"format": 2, "dim": DIM, "count": len(halves), "hop_s": pack["hop_frames"] / 100, "model_sha256": digest}
    body = (halves[:, ::2] | halves[:, 1::2] << 4).tobytes()
    (folder / "negatives.bin").write_bytes(json.dumps(header | {"usual": usual}).encode() + b"\n" + body)


def read_negatives(folder: Path) -> np.ndarray:
    """The vectors of `negatives.bin`, in proportion."""
    header, _, body = (folder / "negatives.bin").read_bytes().partition(b"\n")
    pairs = np.frombuffer(body, np.uint8).reshape(json.loads(header)["count"], -1)
    halves = np.stack([pairs & 15, pairs >> 4], 2).reshape(len(pairs), -1).astype(np.int8)
    return np.where(halves > LARGEST, halves - 16, halves).astype(np.float32)
