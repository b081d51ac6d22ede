"""The site's tables, one noun a file."""

from __future__ import annotations

from animator.models.appeal import Appeal
from animator.models.audit import AuditEntry, AuditHead
from animator.models.blocked_photo import BlockedPhoto
from animator.models.consent import Consent, ConsentRevocation
from animator.models.consent_request import ConsentRequest
from animator.models.decision import Decision, DecisionItem
from animator.models.engine import EngineSpeed, EngineSwitch, WorkerReport
from animator.models.erasure import Erasure
from animator.models.export import Export
from animator.models.file_check import FileCheck
from animator.models.hold import Hold
from animator.models.item_lock import ItemLock
from animator.models.job import Job
from animator.models.job_face import JobFace
from animator.models.job_line import JobLine
from animator.models.job_stage import JobStage
from animator.models.notice import Notice
from animator.models.photo import Photo
from animator.models.plan import Grant, Plan, UserLimits
from animator.models.pronunciation import Pronunciation
from animator.models.public_figure import PublicFigure
from animator.models.quality_review import QualityReview
from animator.models.rendition import Rendition
from animator.models.report import Report
from animator.models.result import Result
from animator.models.screening_rule import ScreeningRule
from animator.models.share import Share
from animator.models.sound_model import SoundModel, SoundModelUse
from animator.models.speech import Speech
from animator.models.timeline import SpeechTimeline
from animator.models.training_data import TrainingData
from animator.models.training_evaluation import TrainingEvaluation
from animator.models.training_run import TrainingMetric, TrainingRun
from animator.models.usage import UsageEntry

__all__ = [
    "Appeal",
    "AuditEntry",
    "AuditHead",
    "BlockedPhoto",
    "Consent",
    "ConsentRequest",
    "ConsentRevocation",
    "Decision",
    "DecisionItem",
    "EngineSpeed",
    "EngineSwitch",
    "Erasure",
    "Export",
    "FileCheck",
    "Grant",
    "Hold",
    "ItemLock",
    "Job",
    "JobFace",
    "JobLine",
    "JobStage",
    "Notice",
    "Photo",
    "Plan",
    "Pronunciation",
    "PublicFigure",
    "QualityReview",
    "Rendition",
    "Report",
    "Result",
    "ScreeningRule",
    "Share",
    "SoundModel",
    "SoundModelUse",
    "Speech",
    "SpeechTimeline",
    "TrainingData",
    "TrainingEvaluation",
    "TrainingMetric",
    "TrainingRun",
    "UsageEntry",
    "UserLimits",
    "WorkerReport",
]
