"""A network with time first computes what it computed with time last."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from earmark_training.reshape import END, ReshapeError, halve_weights, rewrite

STATES = [
    {"input": "past", "output": "next_past", "shape": [1, 8, 4]},
    {"input": "context", "output": "next_context", "shape": [1, 6, 6]},
]


def network(path, pads: int = 0) -> None:
    """A strided convolution, then a dilated one with a residual, each with a state; three columns per frame."""
    rng = np.random.default_rng(1)
    tensors, nodes = {}, []

    def add(op, inputs, output, **attributes):
        nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def cut(name, output, start, end):
        for part, value in (("start", start), ("end", end), ("axis", 2), ("step", 1)):
            tensors[f"{output}_{part}"] = np.array([value], np.int64)
        return add("Slice", [name, *(f"{output}_{part}" for part in ("start", "end", "axis", "step"))], output)

    def weight(name, *shape):
        # Half of them so that 16 bits hold them exactly.
        tensors[name] = rng.normal(0, 0.3, shape).astype(np.float16).astype(np.float32)
        return name

    def conv(name, output, inputs, outputs, taps, stride=1, dilation=1):
        names = [name, weight(output + "_w", outputs, inputs, taps), weight(output + "_b", outputs)]
        return add(
            "Conv", names, output, strides=[stride], dilations=[dilation], kernel_shape=[taps], group=1, pads=[pads] * 2
        )

    add("Transpose", ["features"], "turned", perm=[0, 2, 1])
    add("Concat", ["past", "turned"], "with_past", axis=2)
    cut("with_past", "next_past", -4, END)
    add("Relu", [conv("with_past", "first", 8, 6, 8, stride=4)], "heard")
    add("Concat", ["context", "heard"], "with_context", axis=2)
    cut("with_context", "next_context", -6, END)
    add("Relu", [conv("with_context", "second", 6, 6, 3, dilation=3)], "refined")
    add("Add", ["refined", cut("with_context", "middle", 3, -3)], "sum")
    add("Transpose", [conv("sum", "head", 6, 12, 1)], "back", perm=[0, 2, 1])
    add("Shape", ["back"], "shape")
    tensors.update(zero=np.array(0, np.int64), front=np.array([0], np.int64), rest=np.array([-1, 3], np.int64))
    add("Unsqueeze", [add("Gather", ["shape", "zero"], "batch", axis=0), "front"], "batches")
    add("Reshape", ["back", add("Concat", ["batches", "rest"], "rows", axis=0)], "logits")
    add("Sigmoid", ["logits"], "activity")
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(
        nodes,
        "network",
        [value("features", [1, "T", 8]), *(value(s["input"], s["shape"]) for s in STATES)],
        [value("activity", [1, "T", 3]), *(value(s["output"], s["shape"]) for s in STATES)],
        [numpy_helper.from_array(v, k) for k, v in tensors.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def scores(path, states, features, frames: int) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    values, rows = {s["input"]: np.zeros(s["shape"], np.float32) for s in states}, []
    for start in range(0, len(features), frames):
        result = dict(
            zip(names, session.run(None, {"features": features[None, start : start + frames], **values}), strict=True)
        )
        rows.append(result["activity"][0])
        values = {s["input"]: result[s["output"]] for s in states}
    return np.concatenate(rows)


def test_scores_are_equal_and_no_convolution_is_left(tmp_path):
    before, after = tmp_path / "before.onnx", tmp_path / "after.onnx"
    network(before)
    network(after)
    states = rewrite(after, STATES)
    halve_weights(after)
    assert [s["shape"] for s in states] == [[1, 4, 8], [1, 6, 6]]
    features = np.random.default_rng(2).normal(0, 2, (400, 8)).astype(np.float32)
    for frames in (4, 40, 400):
        old, new = scores(before, STATES, features, frames), scores(after, states, features, frames)
        assert np.ptp(old) > 0.5 and np.abs(old - new).max() <= 1e-5
    graph = onnx.load(after).graph
    assert not {"Conv", "Shape"}.intersection(node.op_type for node in graph.node)
    assert after.stat().st_size < before.stat().st_size
    assert {t.data_type for t in graph.initializer if len(t.dims) > 1} == {TensorProto.FLOAT16}


def test_what_has_no_such_form_is_refused(tmp_path):
    network(tmp_path / "padded.onnx", pads=1)
    with pytest.raises(ReshapeError, match="padding"):
        rewrite(tmp_path / "padded.onnx", STATES)
