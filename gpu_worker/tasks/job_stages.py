"""The stages of one job as one worker does them: what is done is fetched, what is made is kept in storage.

Stages that follow each other here share what they have in memory; nothing is read back then.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from animator import storage
from animator.models import Job, JobStage
from animator.models.job_stage import StageName
from animator.services import job_stage
from animator.services.job_stage import MOST_ATTEMPTS, Step
from gpu_worker.errors import StageFileError
from gpu_worker.progress import Reporter
from gpu_worker.request import AnimationOutcome, AnimationRequest

if TYPE_CHECKING:
    from gpu_worker.schema import Certificate
    from gpu_worker.stage_results import Film, Score

#: What of a request is chosen by the machine that does the work.
_ELSEWHERE = frozenset({"engine", "no_fallback", "threads", "signing_folder"})


class StagedRun:
    """One run over a job's stages, in its own ``folder`` on this machine.

    Not in charge of which stage is next or whether this worker does it: see ``gpu_worker.tasks.job``.
    """

    def __init__(self, job: Job, token: str, request: AnimationRequest, folder: Path, report: Reporter) -> None:
        from gpu_worker import engines, making

        self.job, self.token, self.folder = job, token, folder
        self.basis = basis_of(request)
        self._making = making.Making(request, engines.shared_engines(), folder, report)
        self._done = job_stage.results_of(job.id)
        self._score: Score | None = None
        self._films: dict[int, Film] = {}
        self._judged: dict[int, Certificate] = {}

    def draw_with(self, engine: str) -> None:
        """Frames are drawn by this render engine."""
        self._making.draw_with(engine)

    def do(self, step: Step, ahead: bool) -> AnimationOutcome | str:
        """Do one stage. The finished files, or the folder in storage where its results lie.

        ``ahead``: the next stage follows in this process. Raises StageFileError where what was done before cannot be
        read, besides what the stages raise.
        """
        if step.name == StageName.SPEECH:
            self._score = self._making.compose(ahead)
            return self._keep(step, self._score, "score")
        if step.name == StageName.RENDER:
            film = self._films[step.number] = self._making.film(self.score(), step.number)
            return self._keep(step, film, f"film-{step.number}", (film.video, film.poster))
        return self._check(step)

    def score(self) -> Score:
        """What the first stage left."""
        from gpu_worker.stage_files import read_score

        if self._score is None:
            self._fetch(job_stage.FIRST, "score")
            self._score = read_score(self.folder)
        return self._score

    def film(self, number: int) -> Film:
        """One attempt's film."""
        from gpu_worker.stage_files import read_film

        if number not in self._films:
            more = (f"video-{number}.mp4", f"poster-{number}.jpg")
            self._fetch(Step(StageName.RENDER, number), f"film-{number}", more)
            self._films[number] = read_film(self.folder, number)
        return self._films[number]

    def certificate(self, number: int) -> Certificate:
        """How an earlier attempt was judged."""
        from gpu_worker.stage_files import read_certificate

        if number not in self._judged:
            self._fetch(Step(StageName.CHECK, number), f"certificate-{number}")
            self._judged[number] = read_certificate(self.folder, number)
        return self._judged[number]

    def _check(self, step: Step) -> AnimationOutcome | str:
        from gpu_worker.making import fewer_red

        score, number = self.score(), step.number
        film = self.film(number)
        judged = self._judged[number] = self._making.check(score, film)
        if judged.verdict == "red" and number < MOST_ATTEMPTS:
            return self._keep(step, judged, f"certificate-{number}")
        if number > 1 and not fewer_red(self.certificate(number - 1), judged):
            film, judged = self.film(number - 1), self.certificate(number - 1)
        return self._making.deliver(score, film, judged, number)

    def _keep(self, step: Step, result: Score | Film | Certificate, name: str, more: Sequence[Path] = ()) -> str:
        """Put a stage's results into a folder of this run in storage."""
        from gpu_worker.stage_files import write_result

        folder = storage.stage_folder(self.job.id, self.token, step.name, step.number)
        try:
            for path in (*write_result(result, self.folder, name), *more):
                storage.store_file(f"{folder}/{path.name}", path)
        except BaseException:
            # Half a result is none.
            with contextlib.suppress(*storage.UNREACHABLE):
                storage.erase_folder(folder)
            raise
        return folder

    def _fetch(self, step: Step, name: str, more: Sequence[str] = ()) -> None:
        """Copy what a stage left to this machine. Raises StageFileError."""
        from gpu_worker.stage_files import files_beside

        row: JobStage | None = self._done.get(step)
        if row is None or row.basis != self.basis:
            raise StageFileError(f"{step.name} {step.number} was done for something else, or not at all")
        try:
            self._copy(row.folder, f"{name}.json")
            for one in (*files_beside(self.folder, name), *more):
                self._copy(row.folder, one)
        except FileNotFoundError as error:
            raise StageFileError(f"results of {step.name} {step.number} are gone") from error

    def _copy(self, folder: str, name: str) -> None:
        with storage.local_copy(f"{folder}/{name}") as source:
            shutil.copyfile(source, self.folder / name)


def basis_of(request: AnimationRequest) -> str:
    """A digest of everything that the stages' results depend on.

    Files count by their names: those in storage change with their content, and where a copy of them lies on this
    machine does not matter.
    """
    from gpu_worker.stage_files import FORMAT

    told = json.dumps([FORMAT, _plain(request)], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return value.name
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        named = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
        return {name: _plain(part) for name, part in named.items() if not callable(part) and name not in _ELSEWHERE}
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(part) for part in value]
    if isinstance(value, (set, frozenset)):
        return sorted(map(str, value))
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
