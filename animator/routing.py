"""The addresses of the websockets."""

from __future__ import annotations

from django.urls import path

from animator.consumers import JobConsumer, JobsConsumer
from animator.live_consumer import LiveConsumer

websocket_urlpatterns = [
    path("ws/jobs/", JobsConsumer.as_asgi()),
    path("ws/jobs/<uuid:job_id>/", JobConsumer.as_asgi()),
    path("ws/live/", LiveConsumer.as_asgi()),
]
