"""The check of a photo: what is refused, what is remarked upon, and the choice of a face."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from gpu_worker.config import EngineConfig
from gpu_worker.errors import InputError
from gpu_worker.landmarks.findings import OPEN_GAP
from gpu_worker.landmarks.inspect import choose_face, inspect_photo
from gpu_worker.rendering.renderer import WarpEngine
from gpu_worker.schema import CONTROL, CONTROLS, FaceRig, Image, Inspection
from tests.gpu_worker.landmarks.conftest import as_photo

CONFIG = EngineConfig()


def resized(pixels: Image, factor: float) -> Image:
    return np.asarray(cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def checked(pixels: Image, config: EngineConfig = CONFIG) -> Inspection:
    return inspect_photo(as_photo(pixels), config)


def codes(face: FaceRig) -> set[str]:
    assert all(finding.message for finding in face.findings)
    return {finding.code for finding in face.findings}


def refusal(pixels: Image, config: EngineConfig = CONFIG) -> str:
    with pytest.raises(InputError) as caught:
        checked(pixels, config)
    assert caught.value.hint
    return caught.value.code


def test_a_good_portrait(hopper: Image) -> None:
    inspection = checked(hopper)
    assert (inspection.width, inspection.height, inspection.findings) == (hopper.shape[1], hopper.shape[0], ())
    (face,) = inspection.faces
    assert codes(face) == set()
    assert (face.index, face.landmarks.shape) == (0, (478, 3))
    assert 0.5 < face.score <= 1
    assert 190 < face.height < 220
    assert face.mouth_gap < 0.02
    x, y, width, height = face.box
    assert 150 < x < 190
    assert 110 < y < 150
    assert 170 < width < 210
    assert 185 < height < 225


def test_refuses_what_no_choice_can_mend(cat: Image, astronaut: Image) -> None:
    assert refusal(cat) == "not_a_human_face"
    assert refusal(np.full((400, 400, 3), 128, dtype=np.uint8)) == "no_face"
    assert refusal(np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 300, 0).repeat(3, 2)) == "no_face"
    assert refusal(resized(astronaut, 30 / 110)) == "face_too_small"


def test_sees_teeth(astronaut: Image) -> None:
    assert codes(checked(astronaut).faces[0]) == {"teeth_shown"}


def test_warns_of_a_mouth_that_is_open_too_far_to_be_closed_well(hopper: Image) -> None:
    """The renderer opens her mouth; the picture of that is checked like any other."""
    photo = as_photo(hopper)
    renderer = WarpEngine().prepare(photo, checked(hopper).faces[0], CONFIG)
    controls = np.zeros(len(CONTROLS), np.float32)
    for name, value in (("jaw", 1.0), ("upper_raise", 0.6), ("lower_depress", 0.8)):
        controls[CONTROL[name]] = value
    (face,) = checked(renderer.frame(controls)).faces
    assert face.mouth_gap > OPEN_GAP
    assert codes(face) == {"mouth_open_wide"}
    (finding,) = face.findings
    assert "chin" in finding.message, "with the reason"
    parted = checked(renderer.frame(0.45 * controls)).faces[0]
    assert codes(parted) & {"lips_parted", "teeth_shown"}


def test_remarks_on_a_face_seen_from_the_side(cameraman: Image) -> None:
    assert {"turned_away", "low_resolution"} <= codes(checked(cameraman).faces[0])


def test_remarks_on_blur_and_darkness(hopper: Image) -> None:
    blurred = np.asarray(cv2.GaussianBlur(hopper, (0, 0), 5), dtype=np.uint8)
    assert codes(checked(blurred).faces[0]) == {"blurred"}
    assert codes(checked((hopper * 0.15).astype(np.uint8)).faces[0]) == {"dark"}
    pale = (hopper * 0.08 + 120).astype(np.uint8)
    assert "dark" in codes(checked(pale).faces[0])


def test_remarks_on_low_resolution(hopper: Image) -> None:
    assert codes(checked(resized(hopper, 70 / 204)).faces[0]) == {"low_resolution"}


def test_remarks_on_a_face_cut_off(hopper: Image) -> None:
    # Without the chin, and without the person's right cheek.
    assert "face_cut" in codes(checked(hopper[:300]).faces[0])
    assert "face_cut" in codes(checked(np.ascontiguousarray(hopper[:, 200:])).faces[0])


def test_remarks_on_a_picture_lying_on_its_side(hopper: Image) -> None:
    face = checked(np.ascontiguousarray(np.rot90(hopper, -1))).faces[0]
    assert "heavily_tilted" in codes(face)
    assert face.roll == pytest.approx(90, abs=6)


@pytest.mark.parametrize("tilt", [20.0, -45.0])
def test_a_tilted_head_is_measured_as_an_upright_one(hopper: Image, tilt: float) -> None:
    upright = checked(hopper).faces[0]
    middle = upright.landmarks[:468, :2].mean(axis=0)
    matrix = cv2.getRotationMatrix2D((float(middle[0]), float(middle[1])), tilt, 1.0)
    size = (hopper.shape[1], hopper.shape[0])
    turned = cv2.warpAffine(hopper, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    face = checked(np.asarray(turned, dtype=np.uint8)).faces[0]
    back = cv2.invertAffineTransform(matrix)
    points = face.landmarks[:, :2] @ back[:, :2].T + back[:, 2]
    away = np.linalg.norm(points - upright.landmarks[:, :2], axis=1) / upright.height
    assert away.mean() < 0.01
    assert away.max() < 0.03
    assert face.roll == pytest.approx(upright.roll - tilt, abs=3)
    assert face.yaw == pytest.approx(upright.yaw, abs=4)
    assert face.pitch == pytest.approx(upright.pitch, abs=4)
    assert "heavily_tilted" not in codes(face)


def test_numbers_the_faces_from_left_to_right(astronaut: Image, hopper: Image) -> None:
    pair = np.concatenate([hopper[:512, :500], astronaut], axis=1)
    inspection = checked(pair)
    assert [finding.code for finding in inspection.findings] == ["several_faces"]
    assert [face.index for face in inspection.faces] == [0, 1]
    assert inspection.faces[0].box[0] < inspection.faces[1].box[0]
    assert inspection.faces[0].mouth_gap < inspection.faces[1].mouth_gap
    with pytest.raises(InputError) as caught:
        choose_face(inspection, None)
    assert caught.value.code == "several_faces"
    assert choose_face(inspection, 1) is inspection.faces[1]
    for wrong in (-1, 2, 99):
        with pytest.raises(InputError) as caught:
            choose_face(inspection, wrong)
        assert caught.value.code == "unknown_face"


def test_offers_the_largest_faces_and_says_what_it_left_out(astronaut: Image, hopper: Image) -> None:
    pair = np.concatenate([hopper[:512, :500], astronaut], axis=1)
    one = checked(pair, replace(CONFIG, max_faces=1))
    assert len(one.faces) == 1
    assert one.faces[0].height > 180
    assert [finding.code for finding in one.findings] == ["small_faces_left_out"]
    large = checked(pair, replace(CONFIG, min_face_height=150))
    assert len(large.faces) == 1
    assert choose_face(large, None) is large.faces[0]


def test_a_single_face_needs_no_choice(hopper: Image) -> None:
    inspection = checked(hopper)
    assert choose_face(inspection, None) is choose_face(inspection, 0)
