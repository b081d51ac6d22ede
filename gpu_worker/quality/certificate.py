"""The quality certificate: every check on one finished video, its verdict, and the whole as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gpu_worker.media.video_reader import Aside, VideoInfo, probe
from gpu_worker.quality import verdicts
from gpu_worker.quality.closures import closure_ratios, pixel_ratio
from gpu_worker.quality.dynamics import blinks_per_minute, jerk, silent_deviation, spread
from gpu_worker.quality.integrity import frame_integrity
from gpu_worker.quality.opening import Series
from gpu_worker.quality.outside import Mask, OutsidePsnr, OutsideSeen, OutsideWatch
from gpu_worker.quality.plan import Plan
from gpu_worker.quality.redetection import FaceReader, Redetection, Watch, face_window, redetect
from gpu_worker.quality.sound import SoundReport, sound_report
from gpu_worker.quality.sync import Agreement, agreement
from gpu_worker.quality.verdicts import Band
from gpu_worker.schema import Certificate, Check, FaceChecks, Verdict

#: Name and version of the JSON form; a change that a reader must know of raises the number.
SCHEMA = "picturetalk.certificate/1"
#: Videos shorter than this say nothing about blinks or the head, seconds.
_SHORTEST_FOR_HABITS = 8.0
#: Time in which lips part before and close after words, seconds.
_APPROACH = 0.3


@dataclass(frozen=True)
class Evidence:
    """What was measured on the decoded file, before anything is judged."""

    info: VideoInfo
    faces: Redetection
    lips: Agreement
    sound: SoundReport | None


@dataclass(frozen=True)
class Common:
    """What was measured on the file as a whole."""

    info: VideoInfo
    sound: SoundReport | None


def certify(
    video: Path,
    plans: Sequence[Plan],
    outside: OutsideWatch | OutsideSeen,
    moving_region: Mask,
    readers: Sequence[FaceReader],
    engines: Mapping[str, str] | None = None,
    watch: Watch | None = None,
) -> Certificate:
    """Measure the finished mp4 at ``video`` against ``plans``, one for each face that moves, and judge it.

    ``outside`` has seen every frame before the label and the encoder; ``readers`` are landmark models, one per thread;
    ``watch`` is called once a frame and face and may raise. Raises EngineError when the file cannot be read.
    """
    common = gather_common(video, plans[0])
    psnr = OutsidePsnr(plans[0].still, moving_region)
    # The first face's decoding serves for the picture around the faces too.
    asides = [psnr.aside(common.info.width, common.info.height), *[None] * (len(plans) - 1)]
    evidence = [gather(video, common, plan, readers, watch, aside) for plan, aside in zip(plans, asides, strict=True)]
    whole = [*_picture_checks(psnr.value(), outside), *_sound_checks(evidence[0], plans[0])]
    if len(plans) == 1:
        checks = [*_face_checks(evidence[0], plans[0]), *whole]
        faces: tuple[FaceChecks, ...] = ()
    else:
        faces = tuple(_of_one_face(one, plan) for one, plan in zip(evidence, plans, strict=True))
        checks = [*worst_of_faces(faces), *whole]
    verdict = verdicts.worst([check.verdict for check in checks])
    return Certificate(verdict, tuple(checks), dict(engines or {}), _measurements(evidence[0], plans[0]), faces)


def gather_common(video: Path, plan: Plan) -> Common:
    """What does not depend on the face."""
    return Common(
        info=probe(video),
        sound=sound_report(video, plan.sound) if plan.sound is not None else None,
    )


def gather(
    video: Path,
    common: Common,
    plan: Plan,
    readers: Sequence[FaceReader],
    watch: Watch | None = None,
    aside: Aside | None = None,
) -> Evidence:
    """All measurements of one face on the decoded file."""
    faces = redetect(video, plan.face, (common.info.width, common.info.height), readers, watch, aside)
    return Evidence(
        info=common.info,
        faces=faces,
        lips=agreement(np.asarray(plan.opening, np.float64), faces.opening, plan.fps),
        sound=common.sound,
    )


def _of_one_face(evidence: Evidence, plan: Plan) -> FaceChecks:
    checks = tuple(_face_checks(evidence, plan))
    verdict = verdicts.worst([check.verdict for check in checks])
    return FaceChecks(plan.face.index, plan.role, verdict, checks, _measurements(evidence, plan))


def _face_checks(evidence: Evidence, plan: Plan) -> list[Check]:
    """What concerns one face: its frames, lips, lids and head."""
    lips = _lip_checks(evidence, plan) if plan.role == "speaks" else [_still_lips(evidence, plan)]
    return [*_frame_checks(evidence, plan), *lips, *_habit_checks(evidence, plan)]


def worst_of_faces(faces: Sequence[FaceChecks]) -> list[Check]:
    """Under each name the worst that was measured on any face, and on which; faces are counted from 1, as people do."""
    worst: dict[str, tuple[int, Check]] = {}
    for face in faces:
        for check in face.checks:
            known = worst.get(check.name)
            if known is None or verdicts.worse(check, known[1]):
                worst[check.name] = (face.face, check)
    return [
        check if check.name == "frame_count" else replace(check, detail=f"face {face + 1}; {check.detail}".rstrip("; "))
        for face, check in worst.values()
    ]


def _still_lips(evidence: Evidence, plan: Plan) -> Check:
    """A listener's lips rest from beginning to end."""
    whole = ((0.0, plan.frames / plan.fps),)
    still = silent_deviation(evidence.faces.opening, whole, plan.fps)
    detail = "mean absolute deviation of a listener's opening over the whole video"
    return _check("silent_lips", still, "inter-ocular", verdicts.SILENCE.judge(still), detail)


def _frame_checks(evidence: Evidence, plan: Plan) -> list[Check]:
    height, width = plan.still.shape[:2]
    window = face_window(plan.face, width, height)
    part = plan.still[window.y : window.y + window.height, window.x : window.x + window.width]
    counts = frame_integrity(evidence.faces.level, evidence.faces.change, plan.motion.values, float(part.mean()))
    lost = int((~evidence.faces.found).sum())
    return [
        Check("frame_count", counts.frames, "frames", _exact(counts.frames == counts.expected),
              f"{counts.expected} were planned"),
        Check("black_frames", counts.black, "frames", verdicts.NONE.judge(counts.black)),
        Check("frozen_frames", counts.frozen, "frames", verdicts.NONE.judge(counts.frozen),
              "frames that repeat the one before although the plan moves"),
        Check("face_kept", lost, "frames", verdicts.NONE.judge(lost), "frames in which no face was found"),
    ]  # fmt: skip


def _lip_checks(evidence: Evidence, plan: Plan) -> list[Check]:
    lips = evidence.lips
    blind = lips_unseen(lips)
    late_sound = evidence.sound.offset if evidence.sound is not None else 0.0
    offset = lips.lag - evidence.info.audio_offset - late_sound
    ratios = closure_ratios(evidence.faces.opening, plan.closures, plan.fps)
    known = ratios[np.isfinite(ratios)]
    still = silent_deviation(evidence.faces.opening, plan.silences, plan.fps, plan.margins)
    checks = [
        _check("audio_video_offset", offset * 1000.0, "ms", verdicts.OFFSET.judge(offset), "+ when the sound is early"),
        _check("opening_correlation", lips.at_zero, "", verdicts.OPENING.judge(lips.at_zero),
               f"planned against re-detected opening, best {_text(lips.correlation)}, gain {_text(lips.gain)}"),
        _closure_check(known, pixel_ratio(plan.face, evidence.faces.opening)),
        _check("silent_lips", still, "inter-ocular", verdicts.SILENCE.judge(still),
               "mean absolute deviation of the opening in silences of 300 ms and more"),
        _judged("lip_jerk", jerk(_while_speaking(evidence, plan)), "inter-ocular / frame^3", verdicts.JERK),
    ]  # fmt: skip
    if not blind:
        return checks
    detail = "the lips of this face cannot be read (beard, painting, cover), so this says nothing of the video"
    return [Check(check.name, check.value, check.unit, "cannot_verify", detail) for check in checks]


def _closure_check(ratios: Series, pixel: float) -> Check:
    """The worst of the closures; ``pixel`` is what one pixel of the video amounts to."""
    largest = float(ratios.max()) if ratios.size else math.nan
    verdict = verdicts.CLOSURE.judge(largest)
    detail = f"largest of {ratios.size} closures at p, b, m" if ratios.size else "no p, b, m was spoken"
    if verdict == "red" and largest <= pixel:
        verdict = "cannot_verify"
        detail += "; the face is so small that this is less than a pixel"
    return _check("bilabial_closure", largest, "of 90th percentile", verdict, detail)


def _while_speaking(evidence: Evidence, plan: Plan) -> Series:
    """The opening, in a conversation without the frames in which others have the word."""
    opening = evidence.faces.opening
    if plan.alone:
        return opening
    times = np.arange(len(opening)) / plan.fps
    silent = np.zeros(len(opening), bool)
    for start, end in plan.silences:
        silent |= (times > start + _APPROACH) & (times < end - _APPROACH)
    return opening[~silent]


def lips_unseen(lips: Agreement) -> bool:
    """Whether re-detection fails to see these lips move: low gain together with low correlation."""
    if math.isnan(lips.gain):
        return False
    return lips.gain < verdicts.BLIND_GAIN and lips.correlation < verdicts.BLIND_CORRELATION


def _habit_checks(evidence: Evidence, plan: Plan) -> list[Check]:
    long_enough = plan.frames / plan.fps >= _SHORTEST_FOR_HABITS
    blinks = blinks_per_minute(evidence.faces.eyes, plan.fps) if long_enough else math.nan
    head = spread(evidence.faces.roll) if long_enough else math.nan
    return [
        _judged("blinks", blinks, "per minute", verdicts.BLINKS),
        _judged("head_roll", head, "degrees (SD)", verdicts.ROLL),
    ]


def _picture_checks(psnr: float, outside: OutsideWatch | OutsideSeen) -> list[Check]:
    rest = outside.rest_difference
    return [
        Check("outside_pixels", outside.changed, "pixels", verdicts.NONE.judge(outside.changed),
              "changed outside the moving region before encoding, over all frames"),
        _judged("outside_psnr", psnr, "dB", verdicts.PSNR),
        Check("rest_is_photo", rest, "grey levels",
              "cannot_verify" if rest is None else verdicts.NONE.judge(rest),
              "largest difference of the first and last frame from the photo, before encoding"),
    ]  # fmt: skip


def _sound_checks(evidence: Evidence, plan: Plan) -> list[Check]:
    report = evidence.sound
    if report is None or plan.sound is None:
        return []
    # A codec's last, incomplete packet may go; a tenth of a second may not.
    whole = report.missing <= 0.1 * plan.sound.rate and abs(report.drift) < 0.005
    return [
        Check("sound_complete", report.missing, "samples", _exact(whole),
              f"offset {report.offset * 1000:.1f} ms, drift {report.drift * 1000:.1f} ms"),
        _judged("sound_likeness", report.likeness, "", verdicts.SOUND),
        _judged("sound_clipping", report.clipped, "of all samples", verdicts.CLIPPING),
    ]  # fmt: skip


def _measurements(evidence: Evidence, plan: Plan) -> dict[str, float]:
    """Numbers worth keeping that nobody is judged by."""
    found = evidence.faces.opening[evidence.faces.found]
    values = {
        "duration_s": plan.frames / plan.fps,
        "fps": evidence.info.fps,
        "width": float(evidence.info.width),
        "height": float(evidence.info.height),
        "lag_s": evidence.lips.lag,
        "opening_gain": evidence.lips.gain,
        "opening_p90": float(np.percentile(found, 90)) if found.size else math.nan,
        "planned_opening_p90": float(np.percentile(plan.opening, 90)) if plan.frames else math.nan,
        "audio_offset_s": evidence.info.audio_offset,
    }
    if evidence.sound is not None:
        values["sound_level_db"] = evidence.sound.level
    return {name: round(value, 6) for name, value in values.items() if math.isfinite(value)}


def _judged(name: str, value: float, unit: str, band: Band) -> Check:
    return _check(name, value, unit, band.judge(value), "")


def _check(name: str, value: float, unit: str, verdict: Verdict, detail: str) -> Check:
    return Check(name, round(value, 4) if math.isfinite(value) else None, unit, verdict, detail)


def _exact(holds: bool) -> Verdict:
    return "green" if holds else "red"


def _text(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else "unknown"


def as_dict(certificate: Certificate) -> dict[str, Any]:
    """The JSON form, ``schema`` first; ``faces`` only where several faces move."""
    form = {
        "schema": SCHEMA,
        "verdict": certificate.verdict,
        "checks": _as_list(certificate.checks),
        "engines": dict(certificate.engines),
        "versions": dict(certificate.versions),
        "fallbacks": [asdict(one) for one in certificate.fallbacks],
        "timing": list(certificate.timing),
        "measurements": dict(certificate.measurements),
    }
    if certificate.faces:
        form["faces"] = [
            {
                "face": one.face,
                "role": one.role,
                "verdict": one.verdict,
                "checks": _as_list(one.checks),
                "measurements": dict(one.measurements),
            }
            for one in certificate.faces
        ]
    return form


def _as_list(checks: Sequence[Check]) -> list[dict[str, Any]]:
    return [
        {
            "name": check.name,
            "value": check.value,
            "unit": check.unit,
            "verdict": check.verdict,
            "detail": check.detail,
        }
        for check in checks
    ]


def write(certificate: Certificate, path: Path) -> None:
    """Write the JSON form to ``path``."""
    path.write_text(json.dumps(as_dict(certificate), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
