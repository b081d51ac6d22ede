"""The way of one job through the engine: inspect, align, motion, render, encode, check, sign.

Only order, progress and cancelling live here; every stage's work is done in its own room. All intermediates lie in the
job's own folder, so two jobs never meet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gpu_worker import timeline_json
from gpu_worker.cast import Speech, cast, parts_of, speak
from gpu_worker.config import EngineConfig
from gpu_worker.engines import Engines
from gpu_worker.errors import InputError
from gpu_worker.landmarks.inspect import inspect_photo
from gpu_worker.marks import MarkedFrames, Marks
from gpu_worker.media.framing import frame_photo
from gpu_worker.media.photo import load_photo
from gpu_worker.media.video import VideoWriter, write_poster
from gpu_worker.motion.gestures import check_gestures, perform_gestures, with_gestures
from gpu_worker.motion.listening import converse, own_seed, speaking
from gpu_worker.motion.margins import LEAD, TAIL
from gpu_worker.motion.pauses import pauses
from gpu_worker.motion.style import Style
from gpu_worker.progress import Costs, Progress, Reporter
from gpu_worker.provenance.label import Label, LabelStyle, make_label
from gpu_worker.provenance.metadata import container_tags, write_xmp
from gpu_worker.provenance.watermark.embed import Watermark, make_watermark
from gpu_worker.provenance.watermark.pattern import DEFAULT_KEY
from gpu_worker.quality import certificate as certificates
from gpu_worker.quality.outside import OutsideWatch
from gpu_worker.quality.plan import Plan
from gpu_worker.rendering.ensemble import SceneRenderer, prepare_scene
from gpu_worker.request import AnimationOutcome, AnimationRequest, SoundSpeech, TypedSpeech
from gpu_worker.schema import Certificate, FaceRig, Image, MotionTrack, Photo
from gpu_worker.visemes.coarticulation import viseme_track


@dataclass(frozen=True)
class Attempt:
    """One finished, checked, not yet signed video."""

    video: Path
    poster: Path
    certificate: Certificate
    frames: int


def animate(
    request: AnimationRequest,
    engines: Engines,
    workdir: Path,
    progress: Callable[[Progress], None],
    cancelled: Callable[[], bool],
) -> AnimationOutcome:
    """Make the video that ``request`` asks for, inside ``workdir`` (which belongs to this job alone).

    ``progress`` is told of stages and percentages; ``cancelled`` is asked several times a second. A video judged red
    is made once more with calmer settings; the better of the two is delivered, its certificate as it is.

    Raises InputError (the user can mend it), EngineError (we must), Cancelled. Nothing but ``workdir`` is written to.
    """
    workdir.mkdir(parents=True, exist_ok=True)
    report = Reporter(progress, cancelled)
    config = _config(request)
    report.enter("inspect")
    renderer_engine = engines.renderer(config.engine if request.engine == "auto" else request.engine)
    photo = load_photo(request.photo, config)
    with ThreadPoolExecutor(2, thread_name_prefix="beside") as beside:
        # The watermark takes as long as the mesh and needs nothing but the photo; the mesh needs nothing of the speech.
        whole = request.framing == "whole"
        watermark = beside.submit(_watermark, request, config, photo) if whole else None
        inspection = inspect_photo(photo, config, engines.landmarks)
        framed = frame_photo(photo, cast(inspection, request), inspection.faces, request.framing)
        photo, faces = framed.photo, framed.faces
        watermark = watermark or beside.submit(_watermark, request, config, photo)
        label = _label(request, photo, framed.everybody) if config.label else None
        report.enter("align")
        prepared = beside.submit(prepare_scene, renderer_engine, photo, faces, config)
        report.expect(_costs(request, photo, None))
        speech = speak(request, faces, config, report.advance)
        if speech is not None and request.heard is not None:
            request.heard(speech.timeline)
        report.expect(_costs(request, photo, speech))
        report.enter("motion")
        renderer = prepared.result()
        marks = Marks(watermark.result(), label)
    maker = _Maker(request, config, engines, photo, faces, renderer, marks, speech, workdir, report)
    best, attempts = maker.attempt(1, lambda style: style, config), 1
    if best.certificate.verdict == "red":
        again = maker.attempt(2, calmer, replace(config, seed=config.seed + 1, preset="medium"))
        best, attempts = _better(best, again), 2
    report.enter("sign")
    outcome = _deliver(request, photo, marks, speech, best, attempts, workdir)
    report.finish()
    return replace(outcome, seconds=report.seconds())


def calmer(style: Style) -> Style:
    """Settings for the second attempt: less head and play, so that lips are easier to render and to check."""
    return replace(style, head=0.5 * style.head, expression=0.7 * style.expression, mouth=0.9 * style.mouth)


@dataclass(frozen=True)
class _Maker:
    """Everything that two attempts at the same video share."""

    request: AnimationRequest
    config: EngineConfig
    engines: Engines
    photo: Photo
    faces: tuple[FaceRig, ...]
    renderer: SceneRenderer
    marks: Marks
    speech: Speech | None
    workdir: Path
    report: Reporter

    def attempt(self, number: int, manner: Callable[[Style], Style], config: EngineConfig) -> Attempt:
        """Motion, frames, file and certificate, in the job's folder under the attempt's number."""
        if number > 1:
            self.report.enter("motion")
        motions = self._motions(manner, config)
        outside = OutsideWatch(self.photo.pixels, self.renderer.moving_region)
        frames = MarkedFrames(self.marks, self.photo.pixels, self.renderer.moving_region)
        video, poster = self.workdir / f"video-{number}.mp4", self.workdir / f"poster-{number}.jpg"
        poster_index = _poster_frame(motions)
        self.report.enter("render")
        with VideoWriter(
            video,
            self.photo.width,
            self.photo.height,
            config.fps,
            config,
            sound=self.speech.sound if self.speech is not None else None,
            metadata=container_tags(self.request.job_id, self.request.title),
        ) as writer:
            for index, frame in enumerate(self._rendered(motions, outside, config)):
                marked = frames.draw(frame)
                writer.write_planes(frames.planes)
                if index == poster_index:
                    write_poster(poster, marked)
            self.report.enter("encode")
        self.report.enter("check")
        checked = self._check(video, motions, outside)
        return Attempt(video, poster, checked, len(motions[0].values))

    def _motions(self, manner: Callable[[Style], Style], config: EngineConfig) -> tuple[MotionTrack, ...]:
        """One motion for each face, all of the same length; ``manner`` changes how lively each is."""
        request, speech = self.request, self.speech
        plays = {face.index: request.play(face.index) for face in self.faces}
        styles = {index: manner(play.style) for index, play in plays.items()}
        if speech is None:
            return tuple(self._silent(face, styles[face.index], config) for face in self.faces)
        parts = parts_of(self.faces, speech, config.fps)
        if request.lines:
            frames = round(speech.timeline.duration * config.fps)
            motions = converse(parts, frames, config.fps, config.seed, styles=styles)
        else:
            motions = [speaking(parts[0], config.seed, styles[self.faces[0].index])]
        return tuple(
            with_gestures(motion, plays[face.index].gestures, face, styles[face.index])
            if plays[face.index].gestures
            else motion
            for face, motion in zip(self.faces, motions, strict=True)
        )

    def _silent(self, face: FaceRig, style: Style, config: EngineConfig) -> MotionTrack:
        """What a face does where nobody speaks."""
        request = self.request
        seed = config.seed if len(self.faces) == 1 else own_seed(config.seed, face)
        gestures = request.play(face.index).gestures
        return perform_gestures(gestures, face, config.fps, seed, style, request.silent_seconds, request.loop)

    def _rendered(
        self, motions: tuple[MotionTrack, ...], outside: OutsideWatch, config: EngineConfig
    ) -> Iterator[Image]:
        """Frames in order, seen by the watch, with progress and a chance to stop after each."""
        count = len(motions[0].values)
        for index, frame in enumerate(self.renderer.frames(motions, config.threads)):
            outside.see(frame, resting=not any(motion.values[index].any() for motion in motions))
            yield frame
            self.report.advance((index + 1) / count)

    def _plan(self, place: int, motion: MotionTrack, still: Image) -> Plan:
        """What the face at ``place`` was meant to do."""
        speech, face = self.speech, self.faces[place]
        voice = speech.voices.get(face.index) if speech is not None else None
        return Plan(
            motion=motion,
            opening=self.renderer.planned_opening(place, motion),
            closures=() if voice is None else viseme_track(voice.timeline, voice.analysed, motion.fps).closures,
            silences=() if voice is None else pauses(voice.timeline),
            face=face,
            still=still,
            sound=None if speech is None else speech.sound,
            margins=(LEAD, TAIL),
            alone=len(self.faces) == 1,
            role="listens" if speech is not None and voice is None else "speaks",
        )

    def _check(self, video: Path, motions: tuple[MotionTrack, ...], outside: OutsideWatch) -> Certificate:
        still = self.marks.apply(self.photo.pixels)
        plans = [self._plan(place, motion, still) for place, motion in enumerate(motions)]
        seen, count = 0, len(motions[0].values) * len(motions)

        def watch() -> None:
            nonlocal seen
            seen += 1
            self.report.advance(min(1.0, 0.9 * seen / count))

        names = {**self.engines.versions(), "render": self.renderer.engine}
        if self.speech is not None:
            corrected = ", corrected by hand" if self.speech.timeline.corrected else ""
            names["speech"] = f"{self.speech.timeline.source}{corrected}"
        return certificates.certify(
            video, plans, outside, self.renderer.moving_region, self.engines.readers, names, watch
        )


def _config(request: AnimationRequest) -> EngineConfig:
    config = request.config
    if request.fps is not None:
        if not 5.0 <= request.fps <= 60.0:
            raise InputError("bad_fps", "The frame rate must lie between 5 and 60.", "25 suits most videos.")
        config = replace(config, fps=request.fps)
    if request.seed is not None:
        config = replace(config, seed=request.seed)
    # With several faces and no words, one may be idle, not all of them.
    named = [name for play in request.plays.values() for name in play.gestures] or request.gestures
    if named or not request.speeches:
        check_gestures(named)
    return config


def _costs(request: AnimationRequest, photo: Photo, speech: Speech | None) -> Costs:
    seconds = speech.sound.duration if speech is not None else request.silent_seconds if not request.speeches else 6.0
    fps = request.fps or request.config.fps
    recognising = any(isinstance(one, SoundSpeech) and not one.transcript for one in request.speeches)
    return Costs.for_video(int(seconds * fps), photo.width * photo.height, seconds, recognising)


def _watermark(request: AnimationRequest, config: EngineConfig, photo: Photo) -> Watermark | None:
    if not (request.watermark and config.watermark):
        return None
    key = DEFAULT_KEY if request.watermark_key is None else request.watermark_key
    return make_watermark(photo.pixels, request.job_id, key)


def _label(request: AnimationRequest, photo: Photo, faces: Sequence[FaceRig]) -> Label:
    """Raises InputError ``picture_too_small`` when the picture cannot hold the label."""
    try:
        return make_label(photo.pixels.shape, LabelStyle(request.language), [face.box for face in faces])
    except ValueError as error:
        raise InputError(
            "picture_too_small",
            f"A picture of {photo.width} by {photo.height} pixels is too small for a video.",
            "Use a larger picture, at least 200 pixels wide.",
        ) from error


def _poster_frame(motions: Sequence[MotionTrack]) -> int:
    """A frame with open eyes and a speaking mouth, as near to a third of the video as there is one."""
    count = len(motions[0].values)
    lids = [np.maximum(motion.control("blink_left"), motion.control("blink_right")) for motion in motions]
    awake = np.max(lids, axis=0) < 0.05
    life = np.max([motion.control("jaw") + 0.5 * motion.control("smile_left") for motion in motions], axis=0)
    speaking = life > 0.5 * float(life.max()) if float(life.max()) > 0 else np.ones(count, bool)
    good = np.flatnonzero(awake & speaking)
    if good.size == 0:
        return 0
    return int(good[np.abs(good - count // 3).argmin()])


def _better(first: Attempt, second: Attempt) -> Attempt:
    """The attempt with fewer red checks; the first when they are equal."""
    red = [sum(check.verdict == "red" for check in one.certificate.checks) for one in (first, second)]
    return second if red[1] < red[0] else first


def _deliver(
    request: AnimationRequest,
    photo: Photo,
    marks: Marks,
    speech: Speech | None,
    best: Attempt,
    attempts: int,
    workdir: Path,
) -> AnimationOutcome:
    """Give the chosen attempt its final names, its tags and its signature, and remove the other."""
    video, poster = workdir / "video.mp4", workdir / "poster.jpg"
    best.video.replace(video)
    best.poster.replace(poster)
    for leftover in (*workdir.glob("video-*.mp4"), *workdir.glob("poster-*.jpg")):
        leftover.unlink()
    certificate_path, timeline_path = workdir / "certificate.json", workdir / "timeline.json"
    certificates.write(best.certificate, certificate_path)
    if speech is not None:
        own = {face: voice.timeline for face, voice in speech.voices.items()} if request.lines else None
        timeline_json.write(speech.timeline, timeline_path, own)
    write_xmp(video, request.job_id)
    if request.signing_folder is not None:
        from gpu_worker.provenance.manifest import ManifestClaim, load_identity, sign_file

        claim = ManifestClaim(
            job_id=request.job_id,
            photo_sha256=photo.sha256,
            engines=best.certificate.engines,
            synthetic_speech=any(isinstance(one, TypedSpeech) for one in request.speeches),
            watermark_id=marks.watermark_id,
        )
        sign_file(video, claim, load_identity(request.signing_folder))
    return AnimationOutcome(
        video=video,
        poster=poster,
        certificate_json=certificate_path,
        timeline_json=timeline_path if speech is not None else None,
        certificate=best.certificate,
        timeline=speech.timeline if speech is not None else None,
        width=photo.width,
        height=photo.height,
        fps=request.fps or request.config.fps,
        frames=best.frames,
        photo_sha256=photo.sha256,
        attempts=attempts,
    )
