"""Administrators' view of the site's tables. Jobs, consents and the log are read here, never written."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin import UserAdmin
from accounts.models import User
from animator.api.user import signed_in_user
from animator.models import (
    AuditEntry,
    BlockedPhoto,
    Consent,
    ConsentRequest,
    ConsentRevocation,
    Decision,
    Erasure,
    Export,
    FileCheck,
    Grant,
    Hold,
    Job,
    JobStage,
    Photo,
    Plan,
    Pronunciation,
    PublicFigure,
    Report,
    Result,
    ScreeningRule,
    Share,
    Speech,
    SpeechTimeline,
    UsageEntry,
    UserLimits,
)
from animator.services.account import close_account
from animator.services.photo import shown_name
from animator.services.photo_blocking import unblock_one
from animator.services.photo_lookup import hashes_of
from animator.services.screening import record_figure_change, record_rule_change
from gpu_worker.errors import InputError


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


@admin.register(JobStage)
class JobStageAdmin(ReadOnlyAdmin):
    list_display = ("job", "name", "number", "state", "worker", "attempts", "seconds", "started_at", "finished_at")
    list_filter = ("name", "state")
    search_fields = ("=job__id", "worker")
    ordering = ("-started_at",)
    list_select_related = ("job",)


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


@admin.register(Export)
class ExportAdmin(ReadOnlyAdmin):
    list_display = ("id", "owner", "state", "bytes", "attempts", "created_at", "expires_at")
    list_filter = ("state",)
    search_fields = ("id", "owner__email")
    list_select_related = ("owner",)
    exclude = ("token", "path")


@admin.register(FileCheck)
class FileCheckAdmin(ReadOnlyAdmin):
    list_display = ("id", "state", "job_ref", "attempts", "created_at")
    list_filter = ("state",)
    exclude = ("token",)


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    list_display = ("id", "owner", "basis", "given_by", "face_index", "statement_version", "created_at", "expires_at")
    list_filter = ("basis", "given_by", "minor", "statement_version")
    search_fields = ("id", "owner__email", "photo_sha256")
    list_select_related = ("owner",)


@admin.register(ConsentRevocation)
class ConsentRevocationAdmin(ReadOnlyAdmin):
    list_display = ("consent", "by", "created_at")
    list_filter = ("by",)
    search_fields = ("consent__id", "consent__owner__email")


@admin.register(ConsentRequest)
class ConsentRequestAdmin(ReadOnlyAdmin):
    list_display = ("id", "owner", "state", "face_index", "tries", "created_at", "answered_at")
    list_filter = ("state",)
    search_fields = ("id", "owner__email")
    list_select_related = ("owner",)
    # What somebody wrote to somebody, and the key to it.
    exclude = ("asker", "person", "note", "phrase", "secret_hash", "token", "answer")


@admin.register(Share)
class ShareAdmin(ReadOnlyAdmin):
    list_display = ("id", "job", "owner", "views", "findable", "created_at", "expires_at", "revoked_at")
    list_filter = ("findable", ("revoked_at", admin.EmptyFieldListFilter))
    search_fields = ("id", "job__id", "owner__email")
    list_select_related = ("owner",)
    exclude = ("secret_hash",)


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


@admin.register(ScreeningRule)
class ScreeningRuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What is screened before it is spoken. Try a text at /screening/. Every change is in the audit log."""

    list_display = ("name", "category", "languages", "kind", "action", "active", "updated_at", "updated_by")
    list_filter = ("category", "action", "active", "kind")
    search_fields = ("name", "pattern", "note")
    list_select_related = ("updated_by",)
    readonly_fields = ("key", "updated_by", "updated_at")

    def save_model(self, request: HttpRequest, obj: ScreeningRule, form: Any, change: bool) -> None:
        user = signed_in_user(request)
        obj.updated_by = user
        super().save_model(request, obj, form, change)
        record_rule_change(user, obj, "changed" if change else "added")

    def delete_model(self, request: HttpRequest, obj: ScreeningRule) -> None:
        record_rule_change(signed_in_user(request), obj, "deleted")
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ScreeningRule]) -> None:
        for rule in queryset:
            record_rule_change(signed_in_user(request), rule, "deleted")
        super().delete_queryset(request, queryset)


class PublicFigureForm(forms.ModelForm):  # type: ignore[type-arg]
    """A portrait given here is hashed by a worker; the picture is not kept."""

    portrait = forms.FileField(
        required=False,
        label="Add a portrait",
        help_text="Copies of it are found among photos. Only its hashes are kept.",
    )
    forget_portraits = forms.BooleanField(required=False, label="Forget the portraits")

    class Meta:
        model = PublicFigure
        fields = ("name", "other_names", "action", "active", "note")

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        file = values.get("portrait")
        if file is not None and not self.errors:
            try:
                found = hashes_of(file)
            except InputError as error:
                raise forms.ValidationError({"portrait": f"{error.message} {error.hint}"}) from error
            values["hashed"] = {"name": shown_name(file.name), "sha256": found.sha256, "hashes": list(found.hashes)}
        return values


@admin.register(PublicFigure)
class PublicFigureAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """People whom the operator wants looked at first, or not animated. Every change is in the audit log."""

    form = PublicFigureForm
    list_display = ("name", "action", "active", "portrait_count", "updated_at", "updated_by")
    list_filter = ("action", "active")
    search_fields = ("name", "other_names")
    list_select_related = ("updated_by",)
    readonly_fields = ("portrait_count", "updated_by", "updated_at")

    @admin.display(description="portraits")
    def portrait_count(self, figure: PublicFigure) -> int:
        return len(figure.portraits)

    def save_model(self, request: HttpRequest, obj: PublicFigure, form: Any, change: bool) -> None:
        user = signed_in_user(request)
        if form.cleaned_data.get("forget_portraits"):
            obj.portraits = []
        if "hashed" in form.cleaned_data:
            obj.portraits = [*obj.portraits, form.cleaned_data["hashed"]]
        obj.updated_by = user
        super().save_model(request, obj, form, change)
        record_figure_change(user, obj, "changed" if change else "added")

    def delete_model(self, request: HttpRequest, obj: PublicFigure) -> None:
        record_figure_change(signed_in_user(request), obj, "deleted")
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[PublicFigure]) -> None:
        for figure in queryset:
            record_figure_change(signed_in_user(request), figure, "deleted")
        super().delete_queryset(request, queryset)


@admin.register(BlockedPhoto)
class BlockedPhotoAdmin(ReadOnlyAdmin):
    """Photos are blocked by decisions; here one can be let go."""

    list_display = ("id", "reason", "reference", "created_at", "created_by")
    search_fields = ("id", "reference", "sha256")
    list_select_related = ("created_by",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    def delete_model(self, request: HttpRequest, obj: BlockedPhoto) -> None:
        unblock_one(obj, signed_in_user(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[BlockedPhoto]) -> None:
        for blocked in queryset:
            unblock_one(blocked, signed_in_user(request))


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = ("id", "report", "action", "moderator", "created_at")
    list_filter = ("action",)
    list_select_related = ("report", "moderator")


@admin.register(Plan)
class PlanAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Empty limits are the site's settings."""

    list_display = ("name", "is_default", "share", "jobs_per_day", "minutes_per_month", "max_side", "storage_bytes",
                    "active_jobs", "running_jobs", "uploads_per_day", "forms_per_day",
                    "upload_bytes")  # fmt: skip


@admin.register(UserLimits)
class UserLimitsAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Empty limits are those of the plan."""

    list_display = ("user", "plan", "jobs_per_day", "minutes_per_month", "storage_bytes", "updated_at")
    list_filter = ("plan",)
    search_fields = ("user__email",)
    autocomplete_fields = ("user",)
    list_select_related = ("user", "plan")


@admin.register(Grant)
class GrantAdmin(ReadOnlyAdmin):
    """Given and taken back on the pages under /usage/, which note who did it."""

    list_display = ("user", "unit", "amount", "note", "granted_by", "created_at", "expires_at", "revoked_at")
    list_filter = ("unit",)
    search_fields = ("user__email", "note")
    list_select_related = ("user", "granted_by")


@admin.register(UsageEntry)
class UsageEntryAdmin(ReadOnlyAdmin):
    list_display = ("id", "at", "user", "unit", "step", "amount", "grant", "day", "job_ref")
    list_filter = ("unit", "step", "day")
    search_fields = ("user__email", "job_ref")
    list_select_related = ("user", "grant")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("id", "at", "actor", "action", "object_type", "object_id")
    list_filter = ("action", "object_type")
    search_fields = ("object_id", "actor__email")
    list_select_related = ("actor",)


@admin.register(SpeechTimeline)
class SpeechTimelineAdmin(ReadOnlyAdmin):
    list_display = ("id", "speech", "version", "state", "sound_bytes", "attempts", "created_at")
    list_filter = ("state",)
    # What somebody wrote to be spoken; administrators do not need it.
    exclude = ("document", "peaks", "token")


@admin.register(Pronunciation)
class PronunciationAdmin(ReadOnlyAdmin):
    list_display = ("id", "owner", "language", "created_at")
    list_filter = ("language",)
    list_select_related = ("owner",)
    exclude = ("word", "folded", "said")


admin.site.unregister(User)


@admin.register(User)
class AccountAdmin(UserAdmin):
    """Users, whose accounts are closed instead of deleted."""

    actions = ("close_accounts",)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Rows that record what happened refer to users: accounts are closed, which erases the rest."""
        return False

    @admin.action(description="Close the chosen accounts and erase what their owners gave (cannot be undone)")
    def close_accounts(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset.filter(closed_at__isnull=True):
            try:
                close_account(user, by=signed_in_user(request))
            except InputError as error:
                self.message_user(request, f"{user}: {error.message}", messages.ERROR)
            else:
                self.message_user(request, "One account is closed.", messages.SUCCESS)
