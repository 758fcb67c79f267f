"""A tiny u2net-like model: bright is subject. Made once a test run, under a kilobyte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE = 64


def write(path: Path, *, channels: int = 3, outputs: str = "mask", side: int | str = SIDE) -> Path:
    """`outputs`: `mask`, `flat` (one value everywhere), `nan`, or `vector` (no mask at all)."""
    picture = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, channels, side, side])
    shape = [1, 1] if outputs == "vector" else [1, 1, side, side]
    mask = helper.make_tensor_value_info("mask", TensorProto.FLOAT, shape)
    scale = {"mask": 4.0, "flat": 0.0, "nan": np.nan, "vector": 1.0}[outputs]
    weights = numpy_helper.from_array(np.full((1, channels, 1, 1), scale, dtype=np.float32), "weights")
    nodes = [helper.make_node("Conv", ["picture", "weights"], ["sum"])]
    nodes.append(helper.make_node("GlobalAveragePool", ["sum"], ["average"]))
    if outputs == "vector":
        nodes.append(helper.make_node("Flatten", ["average"], ["mask"]))
    else:
        nodes[1] = helper.make_node("Sigmoid", ["sum"], ["mask"])
    graph = helper.make_graph(nodes, "tiny", [picture], [mask], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    onnx.checker.check_model(str(path))
    return path
