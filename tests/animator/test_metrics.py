"""``/metrics``: who may read it, and that what happens is in it."""

from __future__ import annotations

import json
import time
from typing import Any

import django_rq
import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from accounts.models import User
from animator import figures, queue
from animator.models import Job
from animator.services import figure, job_run, stage_clock
from gpu_worker.errors import InputError
from tests.animator.conftest import finish_job

TOKEN = "a-token-of-more-than-24-characters"


@pytest.fixture
def token(settings: Any) -> str:
    settings.METRICS_TOKEN = TOKEN
    return TOKEN


def read(client: Client) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample by its name and labels."""
    answer = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def value(samples: dict[Any, float], name: str, /, **labels: str) -> float:
    return samples[name, tuple(sorted(labels.items()))]


@pytest.mark.django_db
def test_nobody_reads_without_a_token_in_the_settings(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer é"])
def test_another_token_is_refused(client: Client, token: str, given: str) -> None:
    answer = client.get("/metrics", headers={"authorization": given})
    assert answer.status_code == 401
    assert b"picturetalk_" not in answer.content
    assert client.post("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 405


@pytest.mark.django_db(transaction=True)
def test_what_waits_runs_and_was_made_is_counted(client: Client, token: str, job: Job, make_job: Any) -> None:
    samples = read(client)
    assert value(samples, "picturetalk_queue_length", queue=queue.SPEECH) == 1
    assert value(samples, "picturetalk_queue_oldest_age_seconds", queue=queue.SPEECH) >= 0
    assert value(samples, "picturetalk_jobs", state="queued") == 1
    assert value(samples, "picturetalk_video_seconds_total") == 0
    finish_job(job)
    samples = read(client)
    assert value(samples, "picturetalk_jobs", state="queued") == 0
    assert value(samples, "picturetalk_videos_total", verdict="green") == 1
    assert value(samples, "picturetalk_video_seconds_total") == 2
    assert value(samples, "picturetalk_real_time_factor_count") == 1
    assert value(samples, "picturetalk_job_seconds_bucket", le="+Inf") == 1
    assert value(samples, "picturetalk_wait_seconds_count") == 1


@pytest.mark.django_db(transaction=True)
def test_a_run_that_fails_is_counted_by_its_code(client: Client, token: str, job: Job) -> None:
    claimed = job_run.claim(job.id, job.token, "w")
    assert claimed is not None
    assert job_run.progress(job.id, claimed.token, "render", 10)
    assert job_run.progress(job.id, claimed.token, "encode", 80)
    assert job_run.fail_input(job.id, claimed.token, InputError("face_too_small", "m", "h"))
    samples = read(client)
    assert value(samples, "picturetalk_failures_total", kind="job", code="face_too_small") == 1
    assert value(samples, "picturetalk_stage_seconds_count", stage="render") == 1
    assert value(samples, "picturetalk_stage_seconds_count", stage="encode") == 1


@pytest.mark.django_db
def test_buckets_are_cumulative_and_labels_are_kept_apart(client: Client, token: str) -> None:
    for seconds in (0.2, 3.0, 9999.0):
        figure.observe(figures.STAGE_SECONDS, seconds, stage="a|b=c")
    samples = read(client)
    buckets = [value(samples, "picturetalk_stage_seconds_bucket", stage="a b=c", le=le) for le in ("0.25", "5", "+Inf")]
    assert buckets == [1, 2, 3]
    assert value(samples, "picturetalk_stage_seconds_sum", stage="a b=c") == pytest.approx(10002.2)


@pytest.mark.django_db
def test_workers_and_their_gpus_are_shown_while_they_live(client: Client, token: str) -> None:
    gpu = {"index": 0, "name": "A card", "used": 5 * 2**30, "total": 16 * 2**30}
    figure.tell_worker("w1", {"queues": ["inspect"], "gpus": [gpu]})
    silent = json.dumps({"queues": ["inspect"], "gpus": [], "at": time.time() - 600})
    lost = json.dumps({"queues": ["inspect"], "gpus": [], "at": time.time() - 7200})
    connection = django_rq.get_connection("default")
    connection.hset(figures.WORKERS_KEY, mapping={"w2": silent, "w3": lost})
    samples = read(client)
    assert value(samples, "picturetalk_workers", queue="inspect") == 1
    assert value(samples, "picturetalk_gpu_memory_used_bytes", worker="w1", device="0", name="A card") == 5 * 2**30
    assert set(connection.hkeys(figures.WORKERS_KEY)) == {b"w1", b"w2"}
    figure.forget_worker("w1")
    assert value(read(client), "picturetalk_workers", queue="inspect") == 0


@pytest.mark.django_db
def test_without_redis_nothing_breaks(
    client: Client, token: str, settings: Any, monkeypatch: pytest.MonkeyPatch, owner: User
) -> None:
    def away(*_: object) -> Any:
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        return Redis(port=1, retry=Retry(NoBackoff(), 0))

    monkeypatch.setattr("animator.services.figure.redis_connection", away)
    monkeypatch.setattr("animator.selectors.figure.redis_connection", away)
    monkeypatch.setattr("animator.redis_connection.redis_connection", away)
    figure.count(figures.VIDEOS, verdict="green")
    figure.tell_worker("w", {"queues": []})
    figure.forget_worker("w")
    stage_clock.enter("t", "render")
    stage_clock.leave("t")
    assert client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 503
