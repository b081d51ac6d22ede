"""From a run to files that the engine takes: ONNX for use, safetensors to go on from, and what both are.

The exporter's graph is held against the network on random input, and written only where both agree. Weights are stored
as float16 and computed with as float32, which halves the file; the comparison includes that.
"""

from __future__ import annotations

import json
import tempfile
import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gpu_worker.errors import EngineError, InputError
from gpu_worker.sound_motion.layout import CONDITIONS, FEATURES, NOISE
from gpu_worker.training.card import NAME as CARD
from gpu_worker.training.config import TrainingConfig
from gpu_worker.training.network import MotionNetwork
from gpu_worker.training.trainer import BEST, DATA, run_config
from gpu_worker.training.weight_files import checksum, load_weights, save_weights

#: Largest difference allowed between the network and the exported graph, in any output.
TOLERANCE = 2e-3
#: The most that a model which ships may weigh, bytes.
MOST_BYTES = 5_000_000
_OPSET = 17
_OUTPUTS = ("visemes", "phones", "mouth", "expression")


@dataclass(frozen=True)
class Exported:
    """What was written, and by how much the graph differs from the network at most."""

    onnx: Path
    weights: Path
    description: Path
    difference: float
    size: int

    def as_dict(self) -> dict[str, Any]:
        return {
            "onnx": str(self.onnx),
            "weights": str(self.weights),
            "description": str(self.description),
            "difference": self.difference,
            "bytes": self.size,
        }


class _Graph(nn.Module):
    """The network with tensors for inputs and outputs, as a graph has them; probabilities in place of logits."""

    def __init__(self, network: MotionNetwork, causal: bool) -> None:
        super().__init__()
        self.network, self.causal = network, causal

    def forward(
        self, features: Tensor, conditions: Tensor, noise: Tensor, memory: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        answer = self.network(features, conditions, noise, memory)
        found = (answer.visemes.softmax(dim=2), answer.phones.softmax(dim=2), answer.mouth, answer.expression)
        return (*found, answer.memory) if self.causal else found


def export_run(run: Path, target: Path) -> Exported:
    """Write ``target`` (.onnx) with ``.safetensors``, ``.json`` and the run's card (``.md``) beside it.

    Raises :class:`InputError` ``export_needs_onnx``, ``no_run``, ``bad_weights``, ``bad_output_name``;
    :class:`EngineError` where graph and network disagree.
    """
    if find_spec("onnx") is None:
        raise InputError(
            "export_needs_onnx", "Exporting needs the package onnx.", "Install onnx as requirements.txt names it."
        )
    if target.suffix != ".onnx":
        raise InputError("bad_output_name", "The exported model's name must end in .onnx.", "For example model.onnx.")
    config = run_config(run)
    network = MotionNetwork(config.network).eval()
    load_weights(run / BEST, network)
    with torch.no_grad():
        for value in network.state_dict().values():
            value.copy_(value.half().float())  # what is stored is what is compared
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".export-") as folder:
        draft = Path(folder, "model.onnx")
        graph = _Graph(network, config.network.variant == "causal").eval()
        _write_graph(graph, draft)
        _store_half(draft)
        difference = _difference(graph, draft)
        if difference > TOLERANCE:
            raise EngineError(f"the exported graph differs from the network by {difference:.2g}", permanent=True)
        draft.replace(target)
    weights, description = target.with_suffix(".safetensors"), target.with_suffix(".json")
    told = {"name": config.name, "version": config.version, "variant": config.network.variant}
    save_weights(weights, network, half=True, told=told)
    described = {
        **told,
        "sha256": {target.name: checksum(target), weights.name: checksum(weights)},
        "memory": [network.shape.channels, network.memory_rows] if graph.causal else None,
        "expression": _knows_expression(run),
        "difference": difference,
        "config": _portable(config),
    }
    description.write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
    if (run / CARD).is_file():
        target.with_suffix(".md").write_text((run / CARD).read_text(encoding="utf-8"), encoding="utf-8")
    return Exported(target, weights, description, difference, target.stat().st_size)


def _portable(config: TrainingConfig) -> dict[str, Any]:
    """The configuration without the folders of the machine it ran on."""
    told = config.as_dict()
    told["training"]["start_from"] = Path(config.training.start_from).name
    return told


def _knows_expression(run: Path) -> bool:
    """Whether eyes and head were in the data: what was never taught is not to be used."""
    data = run / DATA
    return data.is_file() and bool(json.loads(data.read_text(encoding="utf-8")).get("expression"))


def _inputs(graph: _Graph, rows: int, seed: int) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    shapes = [(1, rows, FEATURES), (1, rows, CONDITIONS), (1, rows, NOISE)]
    if graph.causal:
        shapes.append((1, graph.network.shape.channels, graph.network.memory_rows))
    return tuple(torch.randn(shape, generator=generator) for shape in shapes)


def _names(graph: _Graph) -> tuple[list[str], list[str]]:
    inputs, outputs = ["features", "conditions", "noise"], list(_OUTPUTS)
    return ([*inputs, "memory"], [*outputs, "new_memory"]) if graph.causal else (inputs, outputs)


def _write_graph(graph: _Graph, path: Path) -> None:
    inputs, outputs = _names(graph)
    rows = {name: {0: "batch", 1: "rows"} for name in (*inputs[:3], *outputs[:4])}
    with warnings.catch_warnings():
        # The tracer warns of every Python number in a shape, and that a newer exporter exists.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph,
            _inputs(graph, 40, 0),
            str(path),
            input_names=inputs,
            output_names=outputs,
            dynamic_axes=rows,
            opset_version=_OPSET,
            dynamo=False,
        )


def _store_half(path: Path) -> None:
    """Store every large weight as float16 behind a cast, which the runtime folds away when it loads the file."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(str(path))
    casts, kept = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < 64:
            kept.append(tensor)
            continue
        kept.append(numpy_helper.from_array(values.astype(np.float16), tensor.name + "_half"))
        casts.append(helper.make_node("Cast", [tensor.name + "_half"], [tensor.name], to=TensorProto.FLOAT))
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*casts, *nodes])
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _difference(graph: _Graph, path: Path) -> float:
    """The largest difference between graph and network over lengths that the tracer did not see."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    largest = 0.0
    for rows, seed in ((1, 1), (40, 2), (173, 3)):
        inputs = _inputs(graph, rows, seed)
        names, _ = _names(graph)
        with torch.no_grad():
            wanted = graph(*inputs)
        found = session.run(None, {name: value.numpy() for name, value in zip(names, inputs, strict=True)})
        largest = max(largest, *(float(np.abs(a.numpy() - b).max()) for a, b in zip(wanted, found, strict=True)))
    return largest
