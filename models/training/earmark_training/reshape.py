"""Rewrites an exported network so that small calls are fast: time before channels, convolutions as matrix products.

PyTorch exports convolutions over [1, channels, frames]. The embedded backend runs them well for hundreds of frames;
in the four frames of a live call the output is one column, and most of the time goes into laying out its inputs. Here
all tensors around convolutions are turned to [1, frames, channels], and a convolution becomes one matrix product over
the frames that its kernel covers, joined side by side. The sums are the same; scores differ by rounding only.

States are turned too: `rewrite` says their new shapes, which belong in `pack.json`. `python -m
earmark_training.reshape FOLDER VERSION` rewrites a finished pack.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .card import write_card
from .features import BANDS, PAD_DB
from .runtime import PackRuntime

DIFFERENCE_LIMIT = 1e-5
CURVES = ("roc.svg", "det.svg", "calibration.svg", "training.svg")
END = np.iinfo(np.int64).max
TURN = [0, 2, 1]


class ReshapeError(Exception):
    """The network holds something for which there is no such form."""


class _Rewriter:
    """One pass over the nodes in order.

    Each tensor of the old graph has a tensor of the new one, in `new`; those in `turned` (old names) are [1, frames,
    channels] there and [1, channels, frames] in the old graph.
    """

    def __init__(self, graph: onnx.GraphProto):
        self.graph = graph
        self.constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
        self.sizes = {
            v.name: [d.dim_value or None for d in v.type.tensor_type.shape.dim]
            for v in [*graph.input, *graph.value_info, *graph.output]
        }
        self.inputs = {v.name for v in graph.input}
        self.new: dict[str, str] = {}
        self.turned: set[str] = set()
        self.nodes: list[onnx.NodeProto] = []

    def run(self) -> None:
        """Makes the new graph in the place of the old one."""
        special = {
            "Constant": self.constant,
            "Cast": self.cast,
            "Transpose": self.transpose,
            "Concat": self.concat,
            "Slice": self.slice,
            "Conv": self.conv,
            "Relu": self.elementwise,
            "Add": self.elementwise,
            "Shape": self.shape,
            "Gather": self.fold,
            "Unsqueeze": self.fold,
        }
        for node in self.graph.node:
            attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            special.get(node.op_type, self.copy)(node, attributes)
        for value in self.graph.output:
            if self.name(value.name) != value.name:
                self.add("Identity", [self.name(value.name)], value.name)
        for value in [*self.graph.input, *self.graph.output]:
            if value.name in self.turned:
                turned = [value.type.tensor_type.shape.dim[axis] for axis in TURN]
                value.type.tensor_type.shape.CopyFrom(onnx.TensorShapeProto(dim=turned))
        used = {name for node in self.nodes for name in node.input}
        del self.graph.node[:], self.graph.initializer[:], self.graph.value_info[:]
        self.graph.node.extend(self.nodes)
        self.graph.initializer.extend(
            numpy_helper.from_array(np.ascontiguousarray(v), k) for k, v in self.constants.items() if k in used
        )

    # What each kind of node becomes.

    def constant(self, node, attributes):
        self.constants[node.output[0]] = numpy_helper.to_array(attributes["value"])

    def cast(self, node, attributes):
        if not self.fixed(node):
            return self.copy(node, attributes)
        self.constants[node.output[0]] = self.constants[node.input[0]].astype(
            helper.tensor_dtype_to_np_dtype(attributes["to"])
        )

    def transpose(self, node, attributes):
        (old,), (out,), order = node.input, node.output, list(attributes["perm"])
        if order == TURN:
            # Only the reading changes.
            self.new[out] = self.name(old)
            if old not in self.turned:
                self.turned.add(out)
        elif old in self.turned:
            self.add("Transpose", [self.name(old)], out, perm=[TURN[axis] for axis in order])
        else:
            self.copy(node, attributes)

    def concat(self, node, attributes):
        if self.fixed(node):
            return self.fold(node, attributes)
        if not self.turned.intersection(node.input):
            return self.copy(node, attributes)
        # States come in turned.
        self.turned.update(self.inputs.intersection(node.input))
        self.expect_turned(node, node.input)
        self.add("Concat", map(self.name, node.input), node.output[0], axis=TURN[attributes["axis"]])
        self.turned.add(node.output[0])

    def slice(self, node, attributes):
        if node.input[0] not in self.turned:
            return self.copy(node, attributes)
        start, end, axis, step = (int(self.constants[name].item()) for name in node.input[1:])
        if step != 1:
            raise ReshapeError(f"{node.name}: a slice with steps")
        self.cut(self.name(node.input[0]), node.output[0], start, end, TURN[axis])
        self.turned.add(node.output[0])

    def conv(self, node, attributes):
        old, weight, bias = node.input
        out, name = node.output[0], self.name(old)
        self.expect_turned(node, [old])
        (stride,), (dilation,) = attributes["strides"], attributes["dilations"]
        kernel = self.constants[weight].transpose(2, 1, 0)  # [taps, in, out]
        if attributes["group"] != 1 or any(attributes["pads"]):
            raise ReshapeError(f"{node.name}: a convolution with groups or padding")
        if stride > 1:
            if dilation != 1 or len(kernel) % stride:
                raise ReshapeError(f"{node.name}: a kernel that is not a whole number of strides")
            # Frames in blocks of a stride: over these the kernel moves by one.
            kernel = kernel.reshape(len(kernel) // stride, -1, kernel.shape[2])
            name = self.add("Reshape", [name, self.integers(1, -1, kernel.shape[1])], out + "_blocks")
        taps = len(kernel)
        if taps > 1:
            parts = []
            for tap in range(taps):
                end = (tap + 1 - taps) * dilation
                parts.append(self.cut(name, f"{out}_tap_{tap}", tap * dilation, end or END, 1))
            name = self.add("Concat", parts, out + "_joined", axis=2)
        self.constants[weight + "_matrix"] = kernel.reshape(-1, kernel.shape[2])
        name = self.add("MatMul", [name, weight + "_matrix"], out + "_product")
        self.add("Add", [name, bias], out)
        self.turned.add(out)

    def elementwise(self, node, attributes):
        tensors = [name for name in node.input if name not in self.constants]
        if self.turned.intersection(tensors):
            self.expect_turned(node, node.input)
            self.turned.add(node.output[0])
        self.emit(node)

    def shape(self, node, attributes):
        """Sizes that every call has are known now."""
        sizes = self.sizes[node.input[0]]
        if node.input[0] in self.turned:
            raise ReshapeError(f"{node.name}: asks for the shape of a turned tensor")
        self.constants[node.output[0]] = np.array([-1 if size is None else size for size in sizes], np.int64)

    def fold(self, node, attributes):
        """Computes what depends on constants only."""
        if not self.fixed(node):
            return self.copy(node, attributes)
        first, *others = (self.constants[name] for name in node.input)
        match node.op_type:
            case "Concat":
                value = np.concatenate([first, *others], attributes["axis"])
            case "Gather":
                value = np.take(first, others[0], attributes.get("axis", 0))
            case _:
                value = np.expand_dims(first, tuple(others[0].tolist()))
        self.constants[node.output[0]] = value

    def copy(self, node, attributes):
        if self.turned.intersection(node.input):
            raise ReshapeError(f"{node.name}: {node.op_type} of a turned tensor")
        self.emit(node)

    # Pieces of these.

    def name(self, old: str) -> str:
        return self.new.get(old, old)

    def fixed(self, node) -> bool:
        return all(name in self.constants for name in node.input)

    def expect_turned(self, node, names) -> None:
        for name in names:
            if name not in self.turned:
                raise ReshapeError(f"{node.name}: {name} has time last and the others have it first")

    def emit(self, node) -> None:
        copied = onnx.NodeProto.FromString(node.SerializeToString())
        copied.input[:] = [self.name(name) for name in node.input]
        self.nodes.append(copied)

    def add(self, op: str, names, out: str, **attributes) -> str:
        self.nodes.append(helper.make_node(op, list(names), [out], name=out, **attributes))
        return out

    def cut(self, name: str, out: str, start: int, end: int, axis: int) -> str:
        return self.add("Slice", [name, self.integers(start), self.integers(end), self.integers(axis)], out)

    def integers(self, *values: int) -> str:
        name = "integers_" + "_".join(map(str, values))
        self.constants[name] = np.array(values, np.int64)
        return name


def rewrite(path: Path, states: list[dict]) -> list[dict]:
    """Rewrites the ONNX file and gives `states` (as in `pack.json`) with the shapes that they have now.

    Weights come out in 32 bits; `halve_weights` stores them in 16 again.
    """
    model = onnx.shape_inference.infer_shapes(onnx.load(path), data_prop=True)
    rewriter = _Rewriter(model.graph)
    rewriter.run()
    turned = {name for state in states for name in (state["input"], state["output"])}.intersection(rewriter.turned)
    for value in [*model.graph.input, *model.graph.output]:
        if value.name in rewriter.turned and value.name not in turned:
            raise ReshapeError(f"{path}: {value.name} would be turned")
    for state in states:
        if (state["input"] in turned) != (state["output"] in turned):
            raise ReshapeError(f"{path}: {state['input']} would be turned on one side only")
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
    return [
        {**s, "shape": [s["shape"][axis] for axis in TURN] if s["input"] in turned else list(s["shape"])}
        for s in states
    ]


def halve_weights(path: Path) -> None:
    """Stores the matrices of an ONNX file in 16 bits; the graph widens them again when it is loaded and computes in 32.

    A plugin carries every pack: this halves what they weigh. Only for weights that 16 bits hold exactly.
    """
    model = onnx.load(path)
    widened = []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.ndim < 2 or np.count_nonzero(values.astype(np.float16) != values):
            continue
        narrow = tensor.name + "_16"
        widened.append(
            helper.make_node("Cast", [narrow], [tensor.name], to=TensorProto.FLOAT, name=tensor.name + "_widen")
        )
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), narrow))
    nodes = [*widened, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def largest_difference(before: Path, after: Path) -> float:
    """Between the scores of two packs on features of all levels, in calls of the fewest frames and of many."""
    rng = np.random.default_rng(0)
    old, new = PackRuntime(before), PackRuntime(after)
    level = np.repeat(rng.uniform(-90, 20, (160, 1)), 50, axis=0)
    features = np.maximum(level + rng.normal(0, 8, (8000, BANDS)), PAD_DB).astype(np.float32)
    frames = (old.pack["hop_frames"], old.pack["batch_frames"])
    return max(float(np.abs(old.scores(features, n) - new.scores(features, n)).max()) for n in frames)


def rewrite_pack(folder: Path, version: str) -> None:
    """Rewrites the network of a finished pack.

    Its metrics and card name the new file from then on, and the one that the figures were measured on.
    """
    with tempfile.TemporaryDirectory() as kept:
        before = Path(shutil.copytree(folder, Path(kept) / "pack"))
        manifest = json.loads((folder / "pack.json").read_text())
        network = folder / manifest["model"]["file"]
        old = {"version": manifest["version"], "sha256": manifest["model"]["sha256"]}
        manifest["states"] = rewrite(network, manifest["states"])
        halve_weights(network)
        digest = hashlib.sha256(network.read_bytes()).hexdigest()
        manifest["version"], manifest["model"]["sha256"] = version, digest
        (folder / "pack.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
        difference = largest_difference(before, folder)
    if difference > DIFFERENCE_LIMIT:
        raise ReshapeError(f"{folder}: scores differ by {difference:.2e} (limit {DIFFERENCE_LIMIT:.0e})")
    metrics = folder / manifest["metrics"]
    figures = json.loads(metrics.read_text())
    figures["model_sha256"] = digest
    figures["rewritten_from"] = {**old, "largest_difference": difference}
    metrics.write_text(json.dumps(figures, indent=1) + "\n")
    write_card(folder, [name for name in CURVES if (folder / "curves" / name).exists()])
    print(f"{folder}: {old['version']} is now {version}, {digest}; scores differ by {difference:.1e}")


if __name__ == "__main__":
    rewrite_pack(Path(sys.argv[1]), sys.argv[2])
