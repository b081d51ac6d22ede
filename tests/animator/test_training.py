"""The administrators' pages of training: who sees them, what a second click or a stale tab does, what they say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from animator import presence, queue
from animator.models import AuditEntry, SoundModel, SoundModelUse, TrainingData, TrainingEvaluation, TrainingRun
from animator.models.training_work import WorkState
from animator.selectors import sound_model as selectors
from animator.selectors.training_evaluation import evaluations_of, tables
from animator.services import sound_model, training_data, training_run, training_work
from animator.services.recovery import recover
from gpu_worker.errors import InputError

pytestmark = pytest.mark.django_db

MEASURES = {"lmd": ["down", "lip distance, mm"], "f25": ["up", "right viseme class"], "sync": ["up", "lip-sync score"]}


@pytest.fixture
def office(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


@pytest.fixture
def data(administrator: User) -> TrainingData:
    """A set that is ready."""
    figures = {"hours": 1.5, "clips": 900, "people": 2, "bytes": 10**8, "removed_people": 0,
               "language": {"de": {"hours": 1.5, "clips": 900, "people": 2}}, "rejects": {}}  # fmt: skip
    return TrainingData.objects.create(
        name="readings", kind="recordings", folder="data/x", state=WorkState.SUCCEEDED, fingerprint="f" * 64,
        figures=figures, people=[training_data.digest_of(name) for name in ("ann", "bob")],
    )  # fmt: skip


def made_run(data: TrainingData, name: str = "first", **changes: Any) -> TrainingRun:
    told = {"state": WorkState.SUCCEEDED, "steps": 10, "step": 10, "best": 2.5, "best_step": 10, "variant": "full",
            "preset": "sound-motion-small-full", "people": data.people, "fingerprint": data.fingerprint}  # fmt: skip
    return TrainingRun.objects.create(name=name, data=data, **{**told, **changes})


def exported(run: TrainingRun) -> SoundModel:
    return SoundModel.objects.create(
        run=run, variant=run.variant, path=f"sound-models/{run.id}/model.onnx", sha256=run.id.hex * 2, bytes=1000,
        description={"sha256": {"sound-motion-full.onnx": run.id.hex * 2}},
    )  # fmt: skip


def judged(run: TrainingRun | None, data: TrainingData, f25: float, lmd: float = 2.0) -> TrainingEvaluation:
    way = {"lmd": [lmd, lmd - 0.1, lmd + 0.1], "f25": [f25, f25 - 0.1, f25 + 0.1], "sync": [0.1, 0.0, 0.2]}
    ways = {"model": way, "model's phones, rules": way, "loudness, rules": {**way, "f25": [0.2, 0.1, 0.3]},
            "exact phones, rules": {**way, "f25": [1.0, 1.0, 1.0]}}  # fmt: skip
    group = {"title": "Synthetic voices", "clips": 3, "people": 2, "seconds": 9.0, "ways": ways}
    return TrainingEvaluation.objects.create(
        run=run, variant="full" if run is None else run.variant, data=data, state=WorkState.SUCCEEDED,
        fingerprint=data.fingerprint, groups={"synthetic": group}, measures=MEASURES, finished_at=timezone.now(),
    )  # fmt: skip


def test_only_administrators_see_anything(client: Client, moderator: User, data: TrainingData) -> None:
    run = made_run(data)
    pages = [reverse(f"animator:{name}") for name in ("training_overview", "training_state", "training_compare",
             "training_data_new", "training_run_new")]  # fmt: skip
    pages += [reverse(f"animator:{name}", args=[run.id]) for name in ("training_run", "training_run_state")]
    pages += [reverse("animator:training_data", args=[data.id])]
    acts = [reverse("animator:training_run_action", args=[run.id, "stop"]),
            reverse("animator:sound_model_roll_back", args=["full"]),
            reverse("animator:training_data_remove", args=[data.id])]  # fmt: skip
    assert all(client.get(page).status_code == 302 for page in pages)
    client.force_login(moderator)
    assert [client.get(page).status_code for page in pages] == [403] * len(pages)
    assert [client.post(page).status_code for page in acts] == [403] * len(acts)


def test_pages_say_what_there_is(office: Client, data: TrainingData) -> None:
    run = made_run(data, best=None, state=WorkState.RUNNING, step=3, eta_s=70.0)
    page = office.get(reverse("animator:training_overview")).content.decode()
    assert "Nobody serves the queue" in page
    assert "data-unserved hidden" not in page
    presence.say_served("w", [queue.TRAINING])
    assert "data-unserved hidden" in office.get(reverse("animator:training_overview")).content.decode()
    assert "900" in office.get(reverse("animator:training_data", args=[data.id])).content.decode()
    training_run.keep_metrics(run.id, [{"step": 2, "part": "validation", "loss": 3.25, "visemes": 1.5}])
    state = office.get(reverse("animator:training_run_state", args=[run.id])).json()
    assert (state["step"], state["best"], state["eta_s"], state["served"]) == (3, 3.25, 70.0, True)
    assert state["metrics"] == [{"step": 2, "part": "validation", "loss": 3.25, "visemes": 1.5}]
    assert office.get(reverse("animator:training_run", args=[run.id])).status_code == 200
    assert office.get(reverse("animator:training_run", args=[uuid4()])).status_code == 404
    assert office.post(reverse("animator:training_run_action", args=[run.id, "nonsense"])).status_code == 404


def test_what_is_asked_for_twice_is_done_once(office: Client, data: TrainingData) -> None:
    told = {
        "key": str(uuid4()), "name": "again", "data_set": str(data.id), "preset": "sound-motion-small-full",
        "steps": "20", "learning_rate": "0.001",
    }  # fmt: skip
    first, second = (office.post(reverse("animator:training_run_new"), told) for _ in range(2))
    run = TrainingRun.objects.get()
    assert first["Location"] == second["Location"] == reverse("animator:training_run", args=[run.id])
    assert (run.steps, run.config["training"]["learning_rate"], run.config["version"]) == (20, 0.001, "again")
    refused = office.post(reverse("animator:training_run_new"), {**told, "key": str(uuid4())})
    assert refused.status_code == 400
    assert "of this name already" in refused.content.decode()

    told = {"key": str(uuid4()), "name": "voices", "kind": "synthetic", "hours": "0.5", "seed": "0"}
    for _ in range(2):
        office.post(reverse("animator:training_data_new"), told)
    made = TrainingData.objects.get(name="voices")
    assert (made.hours, made.state) == (0.5, WorkState.QUEUED)
    for _ in range(2):
        office.post(reverse("animator:training_data_action", args=[made.id, "stop"]))
    made.refresh_from_db()
    assert made.state == WorkState.CANCELLED
    assert AuditEntry.objects.filter(action="training_data_stopped").count() == 1
    assert AuditEntry.objects.filter(action="training_run_begun").count() == 1


@pytest.mark.parametrize("place", ["../elsewhere", "/etc", "a/../../b", "", "a\0b"])
def test_a_folder_lies_below_the_root(administrator: User, place: str) -> None:
    with pytest.raises(InputError) as refused:
        training_data.make_data(administrator, uuid4(), name="x", kind="recordings", place=place)
    assert refused.value.code == "training_folder_outside"


def test_a_person_is_removed_after_a_page_that_names_the_runs(office: Client, data: TrainingData) -> None:
    touched, free = made_run(data), made_run(data, "second", people=[training_data.digest_of("bob")])
    address = reverse("animator:training_data_remove", args=[data.id])
    unknown = office.post(address, {"person": "nobody"})
    assert "Nobody of this name" in unknown.content.decode()
    asked = office.post(address, {"person": "ann"}).content.decode()
    assert "first" in asked
    assert "second" not in asked
    assert TrainingData.objects.get(id=data.id).removing == ""
    for _ in range(2):
        office.post(address, {"person": "ann", "sure": "true"})
    data.refresh_from_db()
    assert (data.removing, data.state) == ("ann", WorkState.QUEUED)
    assert TrainingRun.objects.get(id=touched.id).saw_removed
    assert not TrainingRun.objects.get(id=free.id).saw_removed
    entry = AuditEntry.objects.get(action="training_person_removed")
    assert "ann" not in str(entry.detail)
    found = {"figures": {}, "people": [training_data.digest_of("bob")], "fingerprint": "e" * 64}
    assert training_work.claim(TrainingData, data.id, data.token, "w")
    assert training_data.finish(data.id, data.token, found)
    assert TrainingData.objects.get(id=data.id).removing == ""


def test_nobody_is_removed_while_a_run_learns(administrator: User, data: TrainingData) -> None:
    made_run(data, state=WorkState.RUNNING)
    with pytest.raises(InputError) as refused:
        training_data.remove_person(administrator, data, "ann")
    assert refused.value.code == "training_data_busy"


def test_a_model_that_measures_worse_needs_a_reason(office: Client, data: TrainingData) -> None:
    run = made_run(data)
    model = exported(run)
    judged(None, data, 0.6)
    judged(run, data, 0.5)
    address = reverse("animator:sound_model_promote", args=[run.id])
    assert "It measures worse" in office.get(address).content.decode()
    assert office.post(address, {"replaces": "shipped"}).status_code == 409
    assert office.post(address, {"replaces": "shipped", "confirmed": "on"}).status_code == 409
    assert office.post(address, {"replaces": "shipped", "confirmed": "on", "reason": "less lag"}).status_code == 302
    use = SoundModelUse.objects.get()
    assert (use.model, use.reason) == (model, "less lag")
    assert "50.0 % against 60.0 %" in use.compared
    assert "in use" in office.get(reverse("animator:training_run", args=[run.id])).content.decode()


def test_a_stale_tab_decides_nothing(office: Client, administrator: User, data: TrainingData) -> None:
    models = [exported(made_run(data, name)) for name in ("first", "second", "third")]
    for model in models:
        judged(model.run, data, 0.7)
    judged(None, data, 0.6)
    assert sound_model.promote(administrator, models[0], replaces="shipped")
    stale = office.post(reverse("animator:sound_model_promote", args=[models[1].run_id]), {"replaces": "shipped"})
    assert stale.status_code == 409
    assert "“first” is in use" in stale.content.decode()
    seen = selectors.mark_of(selectors.in_use("full"))
    assert sound_model.promote(administrator, models[1], replaces=seen)
    back = reverse("animator:sound_model_roll_back", args=["full"])
    page = office.post(back, {"replaces": seen, "to": "previous"}, follow=True).content.decode()
    assert "Meanwhile “second” is in use." in page
    # Step by step: first, then the product's own.
    for expected in (models[0], None):
        office.post(back, {"replaces": selectors.mark_of(selectors.in_use("full")), "to": "previous"})
        assert selectors.models_in_use() == {"full": expected, "causal": None}
    assert office.post(back, {"replaces": "shipped", "to": "elsewhere"}).status_code == 404


def test_evaluations_stand_side_by_side(office: Client, data: TrainingData) -> None:
    runs = [made_run(data, name) for name in ("first", "second")]
    for run, f25 in zip(runs, (0.5, 0.8), strict=True):
        judged(run, data, f25, lmd=1.0 + f25)
    judged(None, data, 0.6)
    (table,) = tables(evaluations_of([run.id for run in runs]))
    labels = [row.label for row in table.rows]
    assert labels[:6] == ["first"] * 2 + ["second"] * 2 + ["The product's own (full)"] * 2
    assert labels[6:] == ["loudness, rules", "exact phones, rules"]
    best = [[cell.best for cell in row.cells] for row in table.rows]
    assert best[0] == [True, False, False]
    assert best[2] == [False, True, False]
    assert not any(best[-1])
    page = office.get(reverse("animator:training_compare"), {"run": [str(run.id) for run in runs] + ["no"]})
    assert "0.7–0.9" in page.content.decode()


def test_what_was_lost_is_given_back_and_given_up_in_the_end(administrator: User, data: TrainingData) -> None:
    run = made_run(data, state=WorkState.QUEUED, token="a" * 32)
    for attempt in (1, 2, 3):
        run.refresh_from_db()
        assert training_work.claim(TrainingRun, run.id, run.token, "w")
        assert not training_work.claim(TrainingRun, run.id, run.token, "other")
        lost = timezone.now() - timedelta(minutes=5)
        TrainingRun.objects.filter(id=run.id).update(seen_at=lost)
        assert recover() == 1
        run.refresh_from_db()
        assert run.attempts == attempt
    assert (run.state, (run.error_dict or {})["error"]) == (WorkState.FAILED, "training_broke")
    assert training_work.queue_again(administrator, run)
    run.refresh_from_db()
    assert training_work.claim(TrainingRun, run.id, run.token, "w")
    assert training_work.ask_to_stop(administrator, run)
    assert not training_work.beat(TrainingRun, run.id, run.token)
    TrainingRun.objects.filter(id=run.id).update(seen_at=timezone.now() - timedelta(minutes=5))
    assert recover() == 1
    run.refresh_from_db()
    assert run.state == WorkState.CANCELLED
