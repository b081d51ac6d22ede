"""The way of one job through the engine: inspect, align, motion, render, encode, check, sign.

Only order, progress and cancelling live here; every stage's work is done in its own room. All intermediates lie in the
job's own folder, so two jobs never meet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gpu_worker import timeline_json
from gpu_worker.config import EngineConfig
from gpu_worker.engines import Engines
from gpu_worker.errors import InputError
from gpu_worker.landmarks.inspect import choose_face, inspect_photo
from gpu_worker.media.loudness import normalised
from gpu_worker.media.photo import load_photo
from gpu_worker.media.sound import load_waveform, resample
from gpu_worker.media.video import VideoWriter, write_poster
from gpu_worker.motion.gestures import check_gestures, perform_gestures, with_gestures
from gpu_worker.motion.margins import LEAD, TAIL, with_margins
from gpu_worker.motion.pauses import pauses
from gpu_worker.motion.performance import perform
from gpu_worker.motion.style import Style
from gpu_worker.progress import Costs, Progress, Reporter
from gpu_worker.provenance.label import Label, LabelStyle, make_label
from gpu_worker.provenance.metadata import container_tags, write_xmp
from gpu_worker.provenance.watermark.embed import Watermark, make_watermark
from gpu_worker.provenance.watermark.pattern import DEFAULT_KEY
from gpu_worker.quality import certificate as certificates
from gpu_worker.quality.outside import OutsideWatch
from gpu_worker.quality.plan import Plan
from gpu_worker.rendering.base import PortraitRenderer
from gpu_worker.request import AnimationOutcome, AnimationRequest, SoundSpeech, TypedSpeech
from gpu_worker.schema import Certificate, FaceRig, Image, MotionTrack, Photo, Timeline, Waveform
from gpu_worker.speech.ladder import time_speech
from gpu_worker.speech.respeaking import TypedVoice, speak_words
from gpu_worker.speech.synthesis import synthesise
from gpu_worker.timeline_edits import check_fit
from gpu_worker.visemes.coarticulation import viseme_track

#: Rates of the sound in the video and of the sound that is analysed, Hz.
VIDEO_RATE, SPEECH_RATE = 48000, 16000


@dataclass(frozen=True)
class Speech:
    """Sound and timeline on the video's clock; ``analysed`` is the same sound at SPEECH_RATE."""

    sound: Waveform
    analysed: Waveform
    timeline: Timeline


@dataclass(frozen=True)
class Marks:
    """What is drawn over every frame after rendering: the watermark, then the visible label.

    The result of ``apply`` is valid until it is called again. ``watermark_id`` is None without a watermark.
    """

    apply: Callable[[Image], Image]
    watermark_id: str | None


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
    renderer_engine = engines.renderer(request.engine)
    photo = load_photo(request.photo, config)
    face = choose_face(inspect_photo(photo, config, engines.landmarks), request.face)
    with ThreadPoolExecutor(1, thread_name_prefix="marks") as beside:
        # The watermark takes as long as the mesh and needs nothing but the photo.
        drawn = beside.submit(_marks, request, config, photo, face)
        report.enter("align")
        report.expect(_costs(request, photo, None))
        speech = _speech(request, config, report)
        if speech is not None and request.heard is not None:
            request.heard(speech.timeline)
        report.expect(_costs(request, photo, speech))
        report.enter("motion")
        renderer = renderer_engine.prepare(photo, face, config)
        marks = drawn.result()
    maker = _Maker(request, config, engines, photo, face, renderer, marks, speech, workdir, report)
    best, attempts = maker.attempt(1, request.style, config), 1
    if best.certificate.verdict == "red":
        again = maker.attempt(2, calmer(request.style), replace(config, seed=config.seed + 1, preset="medium"))
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
    face: FaceRig
    renderer: PortraitRenderer
    marks: Marks
    speech: Speech | None
    workdir: Path
    report: Reporter

    def attempt(self, number: int, style: Style, config: EngineConfig) -> Attempt:
        """Motion, frames, file and certificate, in the job's folder under the attempt's number."""
        if number > 1:
            self.report.enter("motion")
        motion = self._motion(style, config)
        outside = OutsideWatch(self.photo.pixels, self.renderer.moving_region)
        video, poster = self.workdir / f"video-{number}.mp4", self.workdir / f"poster-{number}.jpg"
        poster_index = _poster_frame(motion)
        self.report.enter("render")
        with VideoWriter(
            video,
            self.photo.width,
            self.photo.height,
            motion.fps,
            config,
            sound=self.speech.sound if self.speech is not None else None,
            metadata=container_tags(self.request.job_id, self.request.title),
        ) as writer:
            for index, frame in enumerate(self._rendered(motion, outside, config)):
                marked = self.marks.apply(frame)
                writer.write(marked)
                if index == poster_index:
                    write_poster(poster, marked)
            self.report.enter("encode")
        self.report.enter("check")
        checked = self._check(video, motion, outside)
        return Attempt(video, poster, checked, len(motion.values))

    def _motion(self, style: Style, config: EngineConfig) -> MotionTrack:
        gestures = self.request.gestures
        if self.speech is None:
            return perform_gestures(gestures, self.face, config.fps, config.seed, style)
        track = viseme_track(self.speech.timeline, self.speech.analysed, config.fps)
        motion = perform(track, self.speech.timeline, self.speech.analysed, self.face, config.seed, style)
        return with_gestures(motion, gestures) if gestures else motion

    def _rendered(self, motion: MotionTrack, outside: OutsideWatch, config: EngineConfig) -> Iterator[Image]:
        """Frames in order, seen by the watch, with progress and a chance to stop after each."""
        count = len(motion.values)
        for index, frame in enumerate(self.renderer.frames(motion, config.threads)):
            outside.see(frame, resting=not motion.values[index].any())
            yield frame
            self.report.advance((index + 1) / count)

    def _check(self, video: Path, motion: MotionTrack, outside: OutsideWatch) -> Certificate:
        speech = self.speech
        plan = Plan(
            motion=motion,
            opening=self.renderer.planned_opening(motion),
            closures=() if speech is None else viseme_track(speech.timeline, speech.analysed, motion.fps).closures,
            silences=() if speech is None else pauses(speech.timeline),
            face=self.face,
            still=self.marks.apply(self.photo.pixels).copy(),
            sound=None if speech is None else speech.sound,
            margins=(LEAD, TAIL),
        )
        seen, count = 0, len(motion.values)

        def watch() -> None:
            nonlocal seen
            seen += 1
            self.report.advance(min(1.0, 0.9 * seen / count))

        names = {**self.engines.versions(), "render": self.engines.renderer(self.request.engine).name}
        if speech is not None:
            corrected = ", corrected by hand" if speech.timeline.corrected else ""
            names["speech"] = f"{speech.timeline.source}{corrected}"
        return certificates.certify(
            video, plan, outside, self.renderer.moving_region, self.engines.readers, names, watch
        )


def _config(request: AnimationRequest) -> EngineConfig:
    config = request.config
    if request.fps is not None:
        if not 5.0 <= request.fps <= 60.0:
            raise InputError("bad_fps", "The frame rate must lie between 5 and 60.", "25 suits most videos.")
        config = replace(config, fps=request.fps)
    if request.seed is not None:
        config = replace(config, seed=request.seed)
    if request.speech is None:
        check_gestures(request.gestures)
    return config


def _costs(request: AnimationRequest, photo: Photo, speech: Speech | None) -> Costs:
    seconds = speech.sound.duration if speech is not None else 6.0
    fps = request.fps or request.config.fps
    recognising = isinstance(request.speech, SoundSpeech) and not request.speech.transcript
    return Costs.for_video(int(seconds * fps), photo.width * photo.height, seconds, recognising)


def _speech(request: AnimationRequest, config: EngineConfig, report: Reporter) -> Speech | None:
    """Sound and timeline, with room at both ends for the face to come from the photo and return to it."""
    asked = request.speech
    if asked is None:
        return None
    if isinstance(asked, TypedSpeech):
        spoken, timeline = _spoken(asked, config)
        sound = resample(spoken, VIDEO_RATE)
    else:
        sound = load_waveform(asked.path, VIDEO_RATE, config)
        heard = resample(sound, SPEECH_RATE)
        if asked.timeline is not None:
            timeline = check_fit(asked.timeline, sound)
        else:
            timeline = time_speech(heard, asked.transcript, asked.language, report.advance, asked.dictionary)
        if asked.normalise:
            sound, _ = normalised(sound)
    sound, timeline = with_margins(sound, timeline, config.fps)
    return Speech(sound, resample(sound, SPEECH_RATE), timeline)


def _spoken(asked: TypedSpeech, config: EngineConfig) -> tuple[Waveform, Timeline]:
    """Typed words with their timeline, the one corrected by hand where there is one."""
    if asked.timeline is not None and asked.sound is not None:
        sound = load_waveform(asked.sound, VIDEO_RATE, config)
        return sound, check_fit(asked.timeline, sound)
    if asked.timeline is not None:
        voice = TypedVoice(asked.text, asked.language, asked.voice, asked.speed, asked.pitch, asked.dictionary)
        spoken, _ = speak_words(voice, asked.timeline.words, config)
        return spoken, check_fit(asked.timeline, spoken)
    return synthesise(asked.text, asked.language, asked.voice, asked.speed, asked.pitch, config, asked.dictionary)


def _marks(request: AnimationRequest, config: EngineConfig, photo: Photo, face: FaceRig) -> Marks:
    """Watermark and label. Raises InputError ``picture_too_small`` when the picture cannot hold the label."""
    label = _label(request, photo, face) if config.label else None
    mark = _watermark(request, photo) if request.watermark and config.watermark else None
    canvas = np.empty_like(photo.pixels)

    def apply(frame: Image) -> Image:
        # The renderer reuses its frames, so marks go into a copy; one is enough, each is written at once.
        np.copyto(canvas, frame)
        if mark is not None:
            mark.apply_in_place(canvas)
        return canvas if label is None else label.apply_in_place(canvas)

    return Marks(apply, mark.id if mark is not None else None)


def _watermark(request: AnimationRequest, photo: Photo) -> Watermark:
    key = DEFAULT_KEY if request.watermark_key is None else request.watermark_key
    return make_watermark(photo.pixels, request.job_id, key)


def _label(request: AnimationRequest, photo: Photo, face: FaceRig) -> Label:
    try:
        return make_label(photo.pixels.shape, LabelStyle(request.language), [face.box])
    except ValueError as error:
        raise InputError(
            "picture_too_small",
            f"A picture of {photo.width} by {photo.height} pixels is too small for a video.",
            "Use a larger picture, at least 200 pixels wide.",
        ) from error


def _poster_frame(motion: MotionTrack) -> int:
    """A frame with open eyes and a speaking mouth, as near to a third of the video as there is one."""
    count = len(motion.values)
    awake = np.maximum(motion.control("blink_left"), motion.control("blink_right")) < 0.05
    life = motion.control("jaw") + 0.5 * motion.control("smile_left")
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
        timeline_json.write(speech.timeline, timeline_path)
    write_xmp(video, request.job_id)
    if request.signing_folder is not None:
        from gpu_worker.provenance.manifest import ManifestClaim, load_identity, sign_file

        claim = ManifestClaim(
            job_id=request.job_id,
            photo_sha256=photo.sha256,
            engines=best.certificate.engines,
            synthetic_speech=isinstance(request.speech, TypedSpeech),
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
