"""Administrators' view of the site's tables. Jobs, consents and the log are read here, never written."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from animator.models import (
    AuditEntry,
    Consent,
    Decision,
    Erasure,
    FileCheck,
    Hold,
    Job,
    Photo,
    QuotaUsage,
    Report,
    Result,
    Speech,
)


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Changes go through the services, which keep quotas, files and the log in step."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ("id", "owner", "state", "stage", "percent", "attempts", "worker", "error_code", "reference",
                    "created_at", "finished_at")  # fmt: skip
    list_filter = ("state", "stage", "error_code")
    search_fields = ("id", "owner__email", "reference")
    list_select_related = ("owner",)
    # The title is what somebody wrote to be spoken; administrators do not need it.
    exclude = ("title", "token")


@admin.register(Photo)
class PhotoAdmin(ReadOnlyAdmin):
    list_display = ("id", "owner", "state", "width", "height", "bytes", "attempts", "created_at")
    list_filter = ("state",)
    search_fields = ("id", "owner__email", "sha256")
    list_select_related = ("owner",)
    exclude = ("name", "token")


@admin.register(Speech)
class SpeechAdmin(ReadOnlyAdmin):
    list_display = ("id", "owner", "kind", "state", "language", "duration_s", "bytes", "created_at")
    list_filter = ("state", "kind", "language")
    search_fields = ("id", "owner__email", "sha256")
    list_select_related = ("owner",)
    exclude = ("text", "transcript", "token")


@admin.register(FileCheck)
class FileCheckAdmin(ReadOnlyAdmin):
    list_display = ("id", "state", "job_ref", "attempts", "created_at")
    list_filter = ("state",)
    exclude = ("token",)


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    list_display = ("id", "owner", "basis", "face_index", "statement_version", "created_at")
    list_filter = ("basis", "statement_version")
    search_fields = ("id", "owner__email", "photo_sha256")
    list_select_related = ("owner",)


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    list_display = ("object_type", "object_id", "why", "asked_at", "done_at")
    list_filter = ("object_type", "why", ("done_at", admin.EmptyFieldListFilter))
    search_fields = ("object_id",)


@admin.register(Result)
class ResultAdmin(ReadOnlyAdmin):
    list_display = ("job", "verdict", "duration_s", "width", "height", "bytes", "seconds_taken", "removed_at")
    list_filter = ("verdict", ("removed_at", admin.EmptyFieldListFilter))
    search_fields = ("job__id", "job__owner__email", "sha256")


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    list_display = ("id", "reason", "state", "job_ref", "reporter", "created_at", "decided_at")
    list_filter = ("state", "reason")
    search_fields = ("id", "job_ref", "reporter__email")
    list_select_related = ("reporter",)


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    list_display = ("id", "code", "outcome", "job_ref", "photo_ref", "owner", "created_at", "decided_by", "decided_at")
    list_filter = ("outcome", "code")
    search_fields = ("id", "job_ref", "photo_ref", "owner__email")
    list_select_related = ("owner", "decided_by")


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = ("id", "report", "action", "moderator", "created_at")
    list_filter = ("action",)
    list_select_related = ("report", "moderator")


@admin.register(QuotaUsage)
class QuotaUsageAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """``used`` may be changed, to give somebody more videos for one day."""

    list_display = ("user", "day", "used")
    list_editable = ("used",)
    list_filter = ("day",)
    search_fields = ("user__email",)
    date_hierarchy = "day"
    list_select_related = ("user",)
    readonly_fields = ("user", "day")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("id", "at", "actor", "action", "object_type", "object_id")
    list_filter = ("action", "object_type")
    search_fields = ("object_id", "actor__email")
    list_select_related = ("actor",)
