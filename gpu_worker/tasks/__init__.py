"""What workers run: the checks of a photo, a sound and a stranger's file, and a whole video.

Each task is a thin face of ``animator.services``: it claims its run by token, lets the engine work on files of this
machine, and hands the outcome back. A task that comes twice, or too late, does nothing. RQ's own time-out passes
through every handler. The names below are what messages in the queue carry: they stay, wherever the work is done.
"""

from gpu_worker.tasks.consent_request import check_voice
from gpu_worker.tasks.engine_speed import measure_engines
from gpu_worker.tasks.export import build_export
from gpu_worker.tasks.file_check import check_file
from gpu_worker.tasks.job import run_job
from gpu_worker.tasks.notice import send_notice
from gpu_worker.tasks.photo import check_photo, describe_face, hash_picture
from gpu_worker.tasks.rendition import make_rendition
from gpu_worker.tasks.speech import check_speech, preview_speech

__all__ = [
    "build_export",
    "check_file",
    "check_photo",
    "check_speech",
    "check_voice",
    "describe_face",
    "hash_picture",
    "make_rendition",
    "measure_engines",
    "preview_speech",
    "run_job",
    "send_notice",
]
