"""One video in the making: its three stages, each of which needs only what the one before left.

``compose`` (faces, speech, motion) leaves a :class:`Score`, ``film`` (render, encode) a :class:`Film`, ``check`` a
certificate; ``deliver`` gives the chosen film its final names, tags and signature. Within one process they share what
they have loaded; in different processes a stage loads anew what it needs, and the video is the same.

Not in charge of the order, nor of a second attempt: see :mod:`gpu_worker.pipeline` and ``gpu_worker.tasks``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from gpu_worker.cast import Speech, cast, parts_of, speak
from gpu_worker.config import EngineConfig
from gpu_worker.delivery import deliver
from gpu_worker.engines import Engines
from gpu_worker.job_settings import expected_costs, job_config, job_label, job_watermark, poster_frame
from gpu_worker.landmarks.inspect import inspect_photo
from gpu_worker.made_by import made_by, refuse_forbidden, render_fallbacks, speech_fallbacks, timelines_of
from gpu_worker.marks import MarkedFrames, Marks
from gpu_worker.media import scratch
from gpu_worker.media.framing import Framed, frame_photo
from gpu_worker.media.photo import load_photo
from gpu_worker.media.video import VideoWriter, write_poster
from gpu_worker.motion.gestures import perform_gestures, with_gestures
from gpu_worker.motion.listening import converse, own_seed, speaking
from gpu_worker.motion.margins import LEAD, TAIL
from gpu_worker.motion.pauses import pauses
from gpu_worker.motion.style import Style
from gpu_worker.progress import Reporter
from gpu_worker.provenance.label import Label
from gpu_worker.provenance.metadata import container_tags
from gpu_worker.quality import certificate as certificates
from gpu_worker.quality.outside import OutsideWatch
from gpu_worker.quality.plan import Plan
from gpu_worker.rendering.base import RenderEngine
from gpu_worker.rendering.ensemble import SceneRenderer, prepare_scene
from gpu_worker.request import AnimationOutcome, AnimationRequest
from gpu_worker.schema import Certificate, FaceRig, Image, Inspection, MotionTrack, Photo
from gpu_worker.stage_results import Film, Score
from gpu_worker.visemes.coarticulation import viseme_track


class Making:
    """The stages of one job in this process, and what they share while they follow each other here.

    Files lie in ``workdir``, which belongs to this job alone. Each stage raises InputError (the user can mend it),
    EngineError (we must) or Cancelled.
    """

    def __init__(self, request: AnimationRequest, engines: Engines, workdir: Path, report: Reporter) -> None:
        self.request, self.engines, self.workdir, self.report = request, engines, workdir, report
        workdir.mkdir(parents=True, exist_ok=True)
        self._config: EngineConfig | None = None
        self._photo: Photo | None = None
        self._framed: Framed | None = None
        self._renderer: SceneRenderer | None = None
        self._marks: Marks | None = None

    @property
    def config(self) -> EngineConfig:
        """The limits and numbers that this job follows. Raises InputError ``bad_fps`` or that of a gesture."""
        if self._config is None:
            self._config = job_config(self.request)
        return self._config

    def draw_with(self, engine: str) -> None:
        """Let frames be drawn by this engine, whatever was asked for."""
        if self.request.engine != engine:
            self.request, self._renderer = replace(self.request, engine=engine), None

    def compose(self, ahead: bool = True) -> Score:
        """Find the faces, speak, and plan the motion. ``ahead``: rendering follows in this process, so what it needs
        is got ready beside."""
        request, report = self.request, self.report
        report.enter("inspect")
        config = self.config
        engine = self._engine() if ahead else None
        photo = self._load()
        with scratch.within(self.workdir), ThreadPoolExecutor(2, thread_name_prefix="beside") as beside:
            # The watermark takes as long as the mesh and needs nothing but the photo; the mesh needs nothing of the
            # speech.
            early = ahead and request.framing == "whole"
            watermark = beside.submit(job_watermark, request, config, photo) if early else None
            inspection = inspect_photo(photo, config, self.engines.landmarks)
            framed = self._frame(inspection)
            if ahead and watermark is None:
                watermark = beside.submit(job_watermark, request, config, framed.photo)
            label = self._label(framed)
            report.enter("align")
            prepared = (
                beside.submit(prepare_scene, engine, framed.photo, framed.faces, config) if engine is not None else None
            )
            report.expect(expected_costs(request, framed.photo, None))
            speech = speak(request, framed.faces, config, report.advance)
            refuse_forbidden(speech_fallbacks(timelines_of(speech)), config)
            if speech is not None and request.heard is not None:
                request.heard(speech.timeline)
            report.expect(expected_costs(request, framed.photo, speech))
            report.enter("motion")
            # planned while the mesh and the watermark are still being made
            motions = self._motions(framed, speech, lambda style: style, config)
            if prepared is not None and watermark is not None:
                self._renderer, self._marks = prepared.result(), Marks(watermark.result(), label)
        return Score(inspection, speech, motions)

    def film(self, score: Score, number: int) -> Film:
        """Draw and encode attempt ``number``, from 1; the second one is calmer and better encoded."""
        config, motions = self.config, score.motions
        framed = self._get_ready(score)
        if number > 1:
            self.report.enter("motion")
            config = replace(config, seed=config.seed + 1, preset="medium")
            motions = self._motions(framed, score.speech, calmer, config)
        renderer, marks = self._drawing(framed)
        outside = OutsideWatch(framed.photo.pixels, renderer.moving_region)
        frames = MarkedFrames(marks, framed.photo.pixels, renderer.moving_region)
        video, poster = self.workdir / f"video-{number}.mp4", self.workdir / f"poster-{number}.jpg"
        poster_index = poster_frame(motions)
        self.report.enter("render")
        with VideoWriter(
            video,
            framed.photo.width,
            framed.photo.height,
            config.fps,
            config,
            sound=score.speech.sound if score.speech is not None else None,
            metadata=container_tags(self.request.job_id, self.request.title),
        ) as writer:
            for index, frame in enumerate(self._rendered(renderer, motions, outside, config)):
                marked = frames.draw(frame)
                writer.write_planes(frames.planes)
                if index == poster_index:
                    write_poster(poster, marked)
            self.report.enter("encode")
        openings = tuple(renderer.planned_opening(place, motion) for place, motion in enumerate(motions))
        return Film(number, video, poster, motions, openings, renderer.moving_region, outside.seen(), renderer.engine)

    def check(self, score: Score, film: Film) -> Certificate:
        """Hold a film against what was planned."""
        self.report.enter("check")
        framed = self._get_ready(score)
        still = self._drawn_marks(framed).apply(framed.photo.pixels)
        plans = [_plan(score.speech, framed.faces, film, place, still) for place in range(len(film.motions))]
        seen, count = 0, film.frames * len(film.motions)

        def watch() -> None:
            nonlocal seen
            seen += 1
            self.report.advance(min(1.0, 0.9 * seen / count))

        made = made_by(self.request, self.config, self.engines.landmarks.name, score, film)
        refuse_forbidden(made.fallbacks, self.config)
        found = certificates.certify(
            film.video, plans, film.outside, film.region, self.engines.readers, made.engines, watch
        )
        return replace(found, versions=made.versions, fallbacks=made.fallbacks, timing=made.timing)

    def deliver(self, score: Score, best: Film, certificate: Certificate, attempts: int) -> AnimationOutcome:
        """Give the chosen film its final names, its tags and its signature, and remove the others."""
        self.report.enter("sign")
        framed = self._get_ready(score)
        marks = self._drawn_marks(framed)
        outcome = deliver(self.request, framed.photo, marks, score.speech, best, certificate, attempts, self.workdir)
        self.report.finish()
        return replace(outcome, seconds=self.report.seconds())

    def _engine(self) -> RenderEngine:
        """What was asked for. Where the operator's choice is missing another may stand in; a request's own is refused.

        Raises InputError ``engine_unavailable``, FallbackForbiddenError.
        """
        wanted = self.config.engine if self.request.engine == "auto" else self.request.engine
        if self.request.engine != "auto" or wanted in ("auto", *self.engines.renderers):
            return self.engines.renderer(wanted)
        refuse_forbidden(render_fallbacks(self.request, self.config, "warp"), self.config)
        return self.engines.renderer("warp")

    def _load(self) -> Photo:
        if self._photo is None:
            self._photo = load_photo(self.request.photo, self.config)
        return self._photo

    def _frame(self, inspection: Inspection) -> Framed:
        if self._framed is None:
            moving = cast(inspection, self.request)
            self._framed = frame_photo(self._load(), moving, inspection.faces, self.request.framing)
        return self._framed

    def _get_ready(self, score: Score) -> Framed:
        """What was framed here, or is framed anew from the score of another process, and what the work will cost."""
        if self._framed is None:
            framed = self._frame(score.inspection)
            self.report.expect(expected_costs(self.request, framed.photo, score.speech))
        return self._frame(score.inspection)

    def _label(self, framed: Framed) -> Label | None:
        return job_label(self.request, framed.photo, framed.everybody) if self.config.label else None

    def _drawing(self, framed: Framed) -> tuple[SceneRenderer, Marks]:
        """The renderer and the marks; side by side where neither is there yet."""
        if self._renderer is None:
            with ThreadPoolExecutor(1, thread_name_prefix="beside") as beside:
                prepared = beside.submit(prepare_scene, self._engine(), framed.photo, framed.faces, self.config)
                self._drawn_marks(framed)
                self._renderer = prepared.result()
        return self._renderer, self._drawn_marks(framed)

    def _drawn_marks(self, framed: Framed) -> Marks:
        if self._marks is None:
            self._marks = Marks(job_watermark(self.request, self.config, framed.photo), self._label(framed))
        return self._marks

    def _motions(
        self, framed: Framed, speech: Speech | None, manner: Callable[[Style], Style], config: EngineConfig
    ) -> tuple[MotionTrack, ...]:
        """One motion for each face, all of the same length; ``manner`` changes how lively each is."""
        request, faces = self.request, framed.faces
        plays = {face.index: request.play(face.index) for face in faces}
        styles = {index: manner(play.style) for index, play in plays.items()}
        if speech is None:
            return tuple(self._silent(face, len(faces) == 1, styles[face.index], config) for face in faces)
        parts = parts_of(faces, speech, config.fps)
        if request.lines:
            frames = round(speech.timeline.duration * config.fps)
            motions = converse(parts, frames, config.fps, config.seed, styles=styles)
        else:
            motions = [speaking(parts[0], config.seed, styles[faces[0].index])]
        return tuple(
            with_gestures(motion, plays[face.index].gestures, face, styles[face.index])
            if plays[face.index].gestures
            else motion
            for face, motion in zip(faces, motions, strict=True)
        )

    def _silent(self, face: FaceRig, alone: bool, style: Style, config: EngineConfig) -> MotionTrack:
        """What a face does where nobody speaks."""
        request = self.request
        seed = config.seed if alone else own_seed(config.seed, face)
        gestures = request.play(face.index).gestures
        return perform_gestures(gestures, face, config.fps, seed, style, request.silent_seconds, request.loop)

    def _rendered(
        self, renderer: SceneRenderer, motions: tuple[MotionTrack, ...], outside: OutsideWatch, config: EngineConfig
    ) -> Iterator[Image]:
        """Frames in order, seen by the watch, with progress and a chance to stop after each."""
        count = len(motions[0].values)
        for index, frame in enumerate(renderer.frames(motions, config.threads)):
            outside.see(frame, resting=not any(motion.values[index].any() for motion in motions))
            yield frame
            self.report.advance((index + 1) / count)


def calmer(style: Style) -> Style:
    """Settings for the second attempt: less head and play, so that lips are easier to render and to check."""
    return replace(style, head=0.5 * style.head, expression=0.7 * style.expression, mouth=0.9 * style.mouth)


def fewer_red(first: Certificate, second: Certificate) -> bool:
    """Whether the second attempt has fewer red checks than the first."""
    red = [sum(check.verdict == "red" for check in one.checks) for one in (first, second)]
    return red[1] < red[0]


def _plan(speech: Speech | None, faces: Sequence[FaceRig], film: Film, place: int, still: Image) -> Plan:
    """What the face at ``place`` was meant to do."""
    face, motion = faces[place], film.motions[place]
    voice = speech.voices.get(face.index) if speech is not None else None
    return Plan(
        motion=motion,
        opening=film.openings[place],
        closures=() if voice is None else viseme_track(voice.timeline, voice.analysed, motion.fps).closures,
        silences=() if voice is None else pauses(voice.timeline),
        face=face,
        still=still,
        sound=None if speech is None else speech.sound,
        margins=(LEAD, TAIL),
        alone=len(faces) == 1,
        role="listens" if speech is not None and voice is None else "speaks",
    )
