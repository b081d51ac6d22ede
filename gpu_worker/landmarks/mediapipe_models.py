"""The face models that ship inside the MediaPipe wheel, kept loaded and called directly.

The mesh runs in a graph of our own instead of ``mediapipe.solutions.face_mesh``: that one finds the face by itself,
takes one orientation only and hides how sure the model is. Ours takes a prepared 192 x 192 crop and gives the 478
points (attention mesh with irises: Grishchenko et al. 2020, "Attention Mesh") and the model's own face score.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from gpu_worker.errors import EngineError
from gpu_worker.schema import FloatArray, Image

#: Side of the mesh model's input, pixels.
MESH_SIDE = 192
_MESH_MODEL = "mediapipe/modules/face_landmark/face_landmark_with_attention.tflite"
#: A point in the bytes of a landmark list: field 1 of 15 bytes, in it the floats 1, 2 and 3, each after its tag.
_POINT = np.dtype(
    [("list", "<u2"), ("tag_x", "u1"), ("x", "<f4"), ("tag_y", "u1"), ("y", "<f4"), ("tag_z", "u1"), ("z", "<f4")]
)
_TAGS = {"list": 0x0F0A, "tag_x": 0x0D, "tag_y": 0x15, "tag_z": 0x1D}
_MESH_GRAPH = f"""
input_stream: "image"
output_stream: "landmarks"
output_stream: "presence"
node {{
  calculator: "ImageToTensorCalculator"
  input_stream: "IMAGE:image"
  output_stream: "TENSORS:input"
  options {{ [mediapipe.ImageToTensorCalculatorOptions.ext] {{
    output_tensor_width: {MESH_SIDE} output_tensor_height: {MESH_SIDE} output_tensor_float_range {{ min: 0 max: 1 }}
  }} }}
}}
node {{ calculator: "TfLiteCustomOpResolverCalculator" output_side_packet: "OP_RESOLVER:operators" }}
node {{
  calculator: "InferenceCalculator"
  input_side_packet: "OP_RESOLVER:operators"
  input_stream: "TENSORS:input"
  output_stream: "TENSORS:output"
  options {{ [mediapipe.InferenceCalculatorOptions.ext] {{
    model_path: "{_MESH_MODEL}" delegate {{ xnnpack {{ num_threads: 1 }} }}
  }} }}
}}
node {{
  calculator: "SplitTensorVectorCalculator"
  input_stream: "output"
  output_stream: "points"
  output_stream: "flag"
  options {{ [mediapipe.SplitVectorCalculatorOptions.ext] {{
    ranges {{ begin: 0 end: 6 }} ranges {{ begin: 6 end: 7 }}
  }} }}
}}
node {{
  calculator: "TensorsToFloatsCalculator"
  input_stream: "TENSORS:flag"
  output_stream: "FLOAT:presence"
  options {{ [mediapipe.TensorsToFloatsCalculatorOptions.ext] {{ activation: SIGMOID }} }}
}}
node {{
  calculator: "TensorsToFaceLandmarksWithAttention"
  input_stream: "TENSORS:points"
  output_stream: "LANDMARKS:landmarks"
}}
"""


def _load_mediapipe() -> Any:
    # MediaPipe logs every graph to stderr unless told otherwise before it is imported.
    os.environ.setdefault("GLOG_minloglevel", "3")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with _without_plots():
            import mediapipe
    except ImportError as error:
        raise EngineError(f"MediaPipe cannot be loaded: {error}", permanent=True) from error
    return mediapipe


@contextlib.contextmanager
def _without_plots() -> Iterator[None]:
    """MediaPipe imports matplotlib for one drawing function, which we never call: half of its whole start.

    An empty module stands in while MediaPipe is imported and is gone afterwards, so whoever plots gets the real one.
    """
    names = ("matplotlib", "matplotlib.pyplot")
    if "mediapipe" in sys.modules or any(name in sys.modules for name in names):
        yield
        return
    package, pyplot = (ModuleType(name) for name in names)
    vars(package)["pyplot"] = pyplot
    sys.modules.update(zip(names, (package, pyplot), strict=True))
    try:
        yield
    finally:
        for name in names:
            sys.modules.pop(name, None)


def points_of(found: Any) -> FloatArray:
    """The points of a ``NormalizedLandmarkList``, ``(n, 3)`` float32.

    Its bytes are read all at once where they are as expected (a message of three floats for each point): asking 478
    messages for three numbers each takes as long as an eighth of the model.
    """
    packed = np.frombuffer(found.SerializeToString(), np.uint8)
    if packed.size == len(found.landmark) * _POINT.itemsize:
        rows = packed.view(_POINT)
        if all((rows[name] == tag).all() for name, tag in _TAGS.items()):
            points: FloatArray = np.stack([rows["x"], rows["y"], rows["z"]], 1).astype(np.float32)
            return points
    return np.array([(point.x, point.y, point.z) for point in found.landmark], dtype=np.float32)


class MeshModel:
    """The attention mesh on one crop. Calls from several threads take turns."""

    def __init__(self) -> None:
        mediapipe = _load_mediapipe()
        from mediapipe.python import packet_creator, packet_getter
        from mediapipe.python._framework_bindings import calculator_graph, image_frame, resource_util

        resource_util.set_resource_dir(str(Path(mediapipe.__file__).resolve().parent.parent))
        self._create, self._get, self._format = packet_creator, packet_getter, image_frame.ImageFormat.SRGB
        self._results: dict[str, Any] = {}
        self._clock = 0
        self._lock = threading.Lock()
        self._graph = calculator_graph.CalculatorGraph(graph_config=_MESH_GRAPH)
        for stream in ("landmarks", "presence"):
            self._graph.observe_output_stream(stream, self._results.__setitem__)
        self._graph.start_run()

    def __call__(self, crop: Image) -> tuple[FloatArray, float]:
        """Landmarks ``(478, 3)`` in pixels of ``crop`` ``(192, 192, 3)``, and the model's face score in [0, 1]."""
        with self._lock:
            self._results.clear()
            self._clock += 1
            frame = self._create.create_image_frame(image_format=self._format, data=np.ascontiguousarray(crop))
            try:
                self._graph.add_packet_to_input_stream("image", frame.at(self._clock))
                self._graph.wait_until_idle()
                landmarks = points_of(self._get.get_proto(self._results["landmarks"]))
                presence = self._get.get_float(self._results["presence"])
            except (RuntimeError, ValueError, KeyError) as error:
                raise EngineError(f"the face mesh failed: {error}") from error
        return landmarks * np.float32(MESH_SIDE), float(presence)

    def close(self) -> None:
        with self._lock:
            self._graph.close_all_packet_sources()
            self._graph.wait_until_done()


@dataclass(frozen=True)
class Detection:
    """A face as a detector sees it: centre and side of its box and its inclination, in fractions of the square crop."""

    x: float
    y: float
    side: float
    angle: float
    score: float


class DetectorModels:
    """BlazeFace for near faces (input 128 pixels) and for far ones (192 pixels). Calls take turns."""

    NEAR, FAR = 0, 1
    #: Input sides of the two models, pixels.
    SIDES = (128, 192)

    def __init__(self) -> None:
        solutions = _load_mediapipe().solutions.face_detection
        # The models' graphs drop scores under 0.5 by themselves.
        self._models = [
            solutions.FaceDetection(model_selection=number, min_detection_confidence=0.5)
            for number in (self.NEAR, self.FAR)
        ]
        self._lock = threading.Lock()

    def __call__(self, crop: Image, which: int) -> list[Detection]:
        """The faces in a square crop, as model ``which`` (``NEAR`` or ``FAR``) sees them."""
        with self._lock:
            try:
                found = self._models[which].process(np.ascontiguousarray(crop)).detections or []
            except (RuntimeError, ValueError) as error:
                raise EngineError(f"the face detector failed: {error}") from error
        return [_as_detection(entry) for entry in found]

    def close(self) -> None:
        with self._lock:
            for model in self._models:
                model.close()


class HandModel:
    """Palm detector and hand landmarks (Zhang et al. 2020, "MediaPipe Hands"). Calls take turns."""

    def __init__(self) -> None:
        self._hands = _load_mediapipe().solutions.hands.Hands(
            static_image_mode=True, max_num_hands=2, model_complexity=1, min_detection_confidence=0.3
        )
        self._lock = threading.Lock()

    def __call__(self, crop: Image) -> list[FloatArray]:
        """The 21 points ``(21, 2)`` of each hand in pixels of the square ``crop``."""
        with self._lock:
            try:
                found = self._hands.process(np.ascontiguousarray(crop)).multi_hand_landmarks or []
            except (RuntimeError, ValueError) as error:
                raise EngineError(f"the hand model failed: {error}") from error
        side = crop.shape[0]
        return [np.array([(p.x * side, p.y * side) for p in hand.landmark], dtype=np.float32) for hand in found]

    def close(self) -> None:
        with self._lock:
            self._hands.close()


class PersonModel:
    """Which pixels show a person (MediaPipe selfie segmentation, 256 x 256). Calls take turns."""

    def __init__(self) -> None:
        self._model = _load_mediapipe().solutions.selfie_segmentation.SelfieSegmentation(model_selection=0)
        self._lock = threading.Lock()

    def __call__(self, crop: Image) -> FloatArray:
        """Share ``(h, w)`` in [0, 1] that each pixel of ``crop`` belongs to a person."""
        with self._lock:
            try:
                mask = self._model.process(np.ascontiguousarray(crop)).segmentation_mask
            except (RuntimeError, ValueError) as error:
                raise EngineError(f"the person model failed: {error}") from error
        return np.asarray(mask, dtype=np.float32)

    def close(self) -> None:
        with self._lock:
            self._model.close()


def _as_detection(entry: Any) -> Detection:
    box = entry.location_data.relative_bounding_box
    right_eye, left_eye = entry.location_data.relative_keypoints[:2]
    return Detection(
        x=box.xmin + box.width / 2,
        y=box.ymin + box.height / 2,
        side=max(box.width, box.height),
        angle=float(np.arctan2(left_eye.y - right_eye.y, left_eye.x - right_eye.x)),
        score=float(entry.score[0]),
    )
