"""Writes `model.onnx` and `pack.json` of a voice pack, and refuses to if the file does not compute what the model
computes."""

from __future__ import annotations

from pathlib import Path

from ..export import round_weights, within_limit, write_manifest
from ..vector_pack import export_onnx, manifest, parity
from . import HOP_FRAMES
from .network import LOOKAHEAD_FRAMES, Voiceprint, parameter_count


def write_pack(model: Voiceprint, folder: Path, name: str, version: str, data: list[dict], more: dict) -> dict:
    """`model.onnx` and `pack.json` in `folder`; checks parity; returns the parity figures. `more`: further keys of
    `pack.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    if not model.folded:
        model.fold()
    round_weights(model)
    states = export_onnx(model.eval(), folder / "model.onnx")
    said = manifest("voice", states, HOP_FRAMES, LOOKAHEAD_FRAMES, model.shape.dim) | more
    write_manifest(folder, name, version, parameter_count(model), data, said)
    return within_limit(folder, check_parity(model, folder))


def check_parity(model: Voiceprint, folder: Path) -> dict:
    """As `vector_pack.parity`."""
    return parity(model.eval().rows, folder)
