"""The addresses of pages, API and private files; docs/architecture.md lists them."""

from __future__ import annotations

from django.urls import path

from animator.api import consent as consent_api
from animator.api import consent_request as consent_request_api
from animator.api import dictionary as dictionary_api
from animator.api import job as job_api
from animator.api import moderation as moderation_api
from animator.api import photo as photo_api
from animator.api import quota as quota_api
from animator.api import rendition as rendition_api
from animator.api import report as report_api
from animator.api import share as share_api
from animator.api import speech as speech_api
from animator.api import timeline as timeline_api
from animator.api import verify as verify_api
from animator.views import (
    appeal,
    audit,
    consent,
    consent_link,
    depicted,
    dictionary,
    engines,
    hold,
    home,
    job,
    media,
    moderation,
    my_data,
    open_report,
    report,
    screening,
    share,
    sound_model,
    statistics,
    studio,
    timeline,
    training,
    training_data,
    training_run,
    usage,
    verify,
)

app_name = "animator"

urlpatterns = [
    path("", home.home, name="home"),
    path("create/", studio.studio, name="studio"),
    path("speech/<uuid:speech_id>/edit/", timeline.timeline_editor, name="timeline_editor"),
    path("dictionary/", dictionary.dictionary, name="dictionary"),
    path("jobs/", job.job_list, name="job_list"),
    path("jobs/<uuid:job_id>/", job.job_detail, name="job_detail"),
    path("consents/", consent.consent_list, name="consent_list"),
    path("consents/<uuid:consent_id>/revoke/", consent.consent_revoke, name="consent_revoke"),
    path("agree/<str:secret>/", consent_link.page, name="consent_link"),
    path("agree/<str:secret>/face.jpg", consent_link.face, name="consent_link_face"),
    path("my-data/", my_data.my_data, name="my_data"),
    path("my-data/export/", my_data.export_new, name="export_new"),
    path("my-data/close/", my_data.account_close, name="account_close"),
    path("usage/", usage.usage_overview, name="usage_overview"),
    path("usage/<str:table>.csv", usage.usage_export, name="usage_export"),
    path("usage/users/<uuid:user_id>/", usage.usage_user, name="usage_user"),
    path("usage/users/<uuid:user_id>/grant/", usage.usage_grant, name="usage_grant"),
    path(
        "usage/users/<uuid:user_id>/grant/<int:grant_id>/revoke/", usage.usage_grant_revoke, name="usage_grant_revoke"
    ),
    path("s/<str:secret>/", share.page, name="share"),
    path("s/<str:secret>/<str:name>", share.media, name="share_media"),
    path("reports/", report.report_list, name="report_list"),
    path("report/", open_report.report_new, name="report_new"),
    path("reports/follow/<str:secret>/", open_report.report_follow, name="report_follow"),
    path("reports/<uuid:report_id>/", report.report_detail, name="report_detail"),
    path("reports/<uuid:report_id>/second/", report.report_second, name="report_second"),
    path("decisions/", appeal.own_decisions, name="own_decisions"),
    path("statements/<str:token>/", appeal.statement_page, name="statement"),
    path("moderation/", moderation.moderation, name="moderation"),
    path("moderation/accounts/<uuid:account_id>/", moderation.moderation_account, name="moderation_account"),
    path("moderation/appeals/<uuid:appeal_id>/", appeal.appeal_detail, name="appeal_detail"),
    path("moderation/quality/<uuid:review_id>/", moderation.quality_detail, name="quality_detail"),
    path("moderation/statistics/", statistics.moderation_statistics, name="moderation_statistics"),
    path("holds/", hold.hold_list, name="hold_list"),
    path("holds/<uuid:hold_id>/", hold.hold_detail, name="hold_detail"),
    path("screening/", screening.screening, name="screening"),
    path("training/", training.training_overview, name="training_overview"),
    path("training/state/", training.training_state, name="training_state"),
    path("training/compare/", training.training_compare, name="training_compare"),
    path("training/data/new/", training_data.training_data_new, name="training_data_new"),
    path("training/data/<uuid:data_id>/", training_data.training_data_detail, name="training_data"),
    path("training/data/<uuid:data_id>/state/", training_data.training_data_state, name="training_data_state"),
    path("training/data/<uuid:data_id>/remove/", training_data.training_data_remove, name="training_data_remove"),
    path(
        "training/data/<uuid:data_id>/<slug:action>/", training_data.training_data_action, name="training_data_action"
    ),
    path("training/runs/new/", training_run.training_run_new, name="training_run_new"),
    path("training/runs/<uuid:run_id>/", training_run.training_run_detail, name="training_run"),
    path("training/runs/<uuid:run_id>/state/", training_run.training_run_state, name="training_run_state"),
    path("training/runs/<uuid:run_id>/promote/", sound_model.sound_model_promote, name="sound_model_promote"),
    path("training/runs/<uuid:run_id>/<slug:action>/", training_run.training_run_action, name="training_run_action"),
    path(
        "training/evaluations/<uuid:evaluation_id>/<slug:action>/",
        training.training_evaluation_action,
        name="training_evaluation_action",
    ),
    path("training/models/<slug:variant>/roll-back/", sound_model.sound_model_roll_back, name="sound_model_roll_back"),
    path(
        "training/models/<slug:variant>/evaluate/<uuid:data_id>/",
        sound_model.sound_model_evaluate,
        name="sound_model_evaluate",
    ),
    path("engines/", engines.engine_overview, name="engine_overview"),
    path("engines/switch/", engines.engine_switch, name="engine_switch"),
    path("engines/measure/", engines.engine_measure, name="engine_measure"),
    path("depicted/", depicted.depicted, name="depicted"),
    path("depicted/<str:key>/still.jpg", depicted.depicted_preview, name="depicted_preview"),
    path("verify/", verify.verify, name="verify"),
    path("audit/", audit.audit_list, name="audit_list"),
    path("audit/export.<str:kind>", audit.audit_export, name="audit_export"),
    path("api/photos/", photo_api.photos, name="api_photos"),
    path("api/photos/<uuid:photo_id>/", photo_api.photo, name="api_photo"),
    path("api/photos/<uuid:photo_id>/framings/", photo_api.framings, name="api_framings"),
    path("api/photos/<uuid:photo_id>/moving/", photo_api.moving, name="api_moving"),
    path("api/speech/", speech_api.speeches, name="api_speeches"),
    path("api/speech/preview/", speech_api.preview, name="api_speech_preview"),
    path("api/speech/language/", speech_api.language, name="api_speech_language"),
    path("api/speech/<uuid:speech_id>/", speech_api.speech, name="api_speech"),
    path("api/speech/<uuid:speech_id>/sound/", speech_api.sound, name="api_speech_sound"),
    path("api/speech/<uuid:speech_id>/motion/", speech_api.motion, name="api_speech_motion"),
    path("api/languages/", speech_api.languages, name="api_languages"),
    path("api/speech/<uuid:speech_id>/timeline/", timeline_api.timeline, name="api_timeline"),
    path("api/speech/<uuid:speech_id>/timeline/measure/", timeline_api.measure, name="api_timeline_measure"),
    path("api/speech/<uuid:speech_id>/timeline/align/", timeline_api.align, name="api_timeline_align"),
    path("api/speech/<uuid:speech_id>/timeline/mouth/", timeline_api.mouth, name="api_timeline_mouth"),
    path("api/dictionary/", dictionary_api.entries, name="api_dictionary"),
    path("api/dictionary/<uuid:pronunciation_id>/", dictionary_api.entry, name="api_pronunciation"),
    path("api/jobs/", job_api.jobs, name="api_jobs"),
    path("api/jobs/<uuid:job_id>/", job_api.job, name="api_job"),
    path("api/jobs/<uuid:job_id>/cancel/", job_api.cancel, name="api_job_cancel"),
    path("api/jobs/<uuid:job_id>/retry/", job_api.retry, name="api_job_retry"),
    path("api/jobs/<uuid:job_id>/again/", job_api.again, name="api_job_again"),
    path("api/jobs/<uuid:job_id>/forms/", rendition_api.forms, name="api_forms"),
    path("api/quota/", quota_api.quota, name="api_quota"),
    path("api/jobs/<uuid:job_id>/shares/", share_api.shares, name="api_shares"),
    path("api/shares/<uuid:share_id>/", share_api.share, name="api_share"),
    path("api/consents/", consent_api.consents, name="api_consents"),
    path("api/consents/<uuid:consent_id>/", consent_api.consent, name="api_consent"),
    path("api/consents/<uuid:consent_id>/revoke/", consent_api.revoke, name="api_consent_revoke"),
    path("api/consent-requests/", consent_request_api.requests, name="api_consent_requests"),
    path("api/consent-requests/<uuid:request_id>/", consent_request_api.one_request, name="api_consent_request"),
    path("api/agree/<str:secret>/", consent_request_api.answer, name="api_consent_link"),
    path("api/reports/", report_api.reports, name="api_reports"),
    path("api/moderation/lock/", moderation_api.lock, name="api_moderation_lock"),
    path("api/verify/", verify_api.verify_file, name="api_verify"),
    path("api/verify/<uuid:check_id>/", verify_api.file_check, name="api_file_check"),
    path("media/exports/<uuid:export_id>/", my_data.export_file, name="media_export"),
    path("media/photos/<uuid:photo_id>/", media.photo, name="media_photo"),
    path("media/speech/<uuid:speech_id>/", media.speech, name="media_speech"),
    path("media/speech/<uuid:speech_id>/<int:version>/<str:name>", media.timeline, name="media_timeline"),
    path("media/results/<uuid:job_id>/<str:name>", media.result, name="media_result"),
]
