"""The process that runs the nudity classifier: ``python -m gpu_worker.screening.nudity_process FILE``.

The weights in FILE are under the AGPL, so nothing but this program loads them, and everybody else talks to it over
pipes. It begins with one line of JSON, ``{"names": [...], "side": 320}``. A request is 3 * side * side bytes, a square
RGB picture row by row; an answer is one line of JSON, ``{"shape": [rows, columns]}``, followed by that many float32 in
little-endian order: the network's output as it is.
"""

from __future__ import annotations

import ast
import json
import sys
from typing import BinaryIO

import numpy as np
import onnxruntime


def serve(model: str, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the pipe is closed."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    facts = session.get_modelmeta().custom_metadata_map
    names = ast.literal_eval(facts["names"])
    side = int(ast.literal_eval(facts["imgsz"])[0])
    entry = session.get_inputs()[0].name
    answers.write(json.dumps({"names": [names[index] for index in range(len(names))], "side": side}).encode() + b"\n")
    answers.flush()
    size = 3 * side * side
    while len(picture := requests.read(size)) == size:
        pixels = np.frombuffer(picture, np.uint8).reshape(side, side, 3)
        blob = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None].astype(np.float32) / 255.0)
        output = np.ascontiguousarray(session.run(None, {entry: blob})[0][0].astype("<f4"))
        answers.write(json.dumps({"shape": output.shape}).encode() + b"\n" + output.tobytes())
        answers.flush()


if __name__ == "__main__":
    serve(sys.argv[1], sys.stdin.buffer, sys.stdout.buffer)
