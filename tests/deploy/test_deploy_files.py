"""What ``deploy/`` holds for containers, clusters and monitoring, each checked by its own tool.

No Docker engine and no cluster runs here: images are not built and nothing is applied.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from prometheus_client.parser import text_string_to_metric_families

from animator import figures
from animator.services import figure
from tests.deploy.test_setup import load

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
TOOLS = Path(sys.executable).parent
DOCKERFILES = sorted((DEPLOY / "docker").glob("*.Dockerfile"))
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
QUEUE_OPTIONS = re.compile(r'queue=~?"([^"]+)"')


def run(*command: str | Path, text: str | None = None) -> str:
    """What a tool says; it must be content."""
    done = subprocess.run([str(part) for part in command], cwd=ROOT, input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def documents(file: Path) -> list[dict[str, Any]]:
    return [one for one in yaml.safe_load_all(file.read_text(encoding="utf-8")) if one]


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    found = [one for file in MANIFESTS for one in documents(file) if one["kind"] == kind]
    return {one["metadata"]["name"]: one for one in found}


def test_the_dockerfiles_hold_to_the_rules() -> None:
    assert [file.stem for file in DOCKERFILES] == ["cpu-worker", "gpu-worker", "site"]
    assert run(TOOLS / "hadolint", *DOCKERFILES) == ""


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.stem)
def test_what_a_dockerfile_names_is_there(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    for sources in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE):
        assert all((ROOT / source).exists() for source in sources.split())
    for program in re.findall(r"deploy/\S+\.(?:py|sh)", text):
        assert (ROOT / program.strip('"')).is_file()
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {".git", ".env", "var", ".venv", "secrets"} <= set(ignored), "no secret and no database gets into an image"


@pytest.mark.parametrize("file", sorted((DEPLOY / "docker").glob("*.sh")), ids=lambda file: file.name)
def test_the_scripts_of_the_images_are_well_formed(file: Path) -> None:
    run("sh", "-n", file)


def test_all_yaml_is_tidy() -> None:
    assert run(TOOLS / "yamllint", "-c", DEPLOY / "yamllint.yaml", DEPLOY) == ""


def test_the_compose_file_is_of_the_compose_specification() -> None:
    run(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml")
    compose = documents(DEPLOY / "compose.yaml")[0]
    for name, service in compose["services"].items():
        assert set(service.get("secrets", [])) <= set(compose["secrets"]), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or (DEPLOY / source).is_file(), f"{name}: {source}"
        assert set(service.get("depends_on", {})) <= set(compose["services"]), name
        if "build" in service:
            assert (ROOT / service["build"]["dockerfile"]).is_file()


def test_what_compose_and_the_manifests_set_is_read_by_the_site() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    known = set(re.findall(r"^#?([A-Z0-9_]+)=", example, re.MULTILINE))
    known |= {f"{name}_FILE" for name in known} | {"QUEUES", "FORWARDED_ALLOW_IPS"}
    compose = documents(DEPLOY / "compose.yaml")[0]
    assert set(compose["x-environment"]) <= known
    assert set(of_kind("ConfigMap")["picturetalk"]["data"]) <= known
    assert set(of_kind("Secret")["picturetalk"]["stringData"]) <= known


def served_queues() -> dict[str, set[str]]:
    """The queues of each worker in the cluster."""
    found = {}
    for name, deployment in of_kind("Deployment").items():
        environment = deployment["spec"]["template"]["spec"]["containers"][0].get("env", [])
        words = next((one["value"] for one in environment if one["name"] == "QUEUES"), "")
        if words:
            found[name] = set(words.split())
    return found


def test_no_worker_serves_a_queue_that_is_not_there() -> None:
    queues = set(settings.RQ_QUEUES)
    served = set().union(*served_queues().values())
    assert served <= queues
    # "render" is what earlier versions had in place of its three parts.
    assert served == queues - {"render"}, "nothing waits for ever"
    compose = documents(DEPLOY / "compose.yaml")[0]["services"]
    asked = [one["environment"]["QUEUES"] for one in compose.values() if "QUEUES" in one.get("environment", {})]
    assert set(" ".join(asked).split()) == served
    for file in DOCKERFILES:
        for words in re.findall(r'QUEUES="([^"]+)"', file.read_text(encoding="utf-8")):
            assert set(words.split()) <= queues


def test_whoever_makes_data_sets_keeps_them_where_all_reach_them() -> None:
    """The queue of training alone: it would keep others waiting for hours, and gives way only where it is alone."""
    assert [name for name, queues in served_queues().items() if "training" in queues] == ["training"]
    assert served_queues()["training"] == {"training"}
    pod = of_kind("Deployment")["training"]["spec"]["template"]["spec"]
    claims = [one["persistentVolumeClaim"]["claimName"] for one in pod["volumes"] if "persistentVolumeClaim" in one]
    assert claims == list(of_kind("PersistentVolumeClaim")) == ["training"]
    mounts = {one["name"]: one["mountPath"] for one in pod["containers"][0]["volumeMounts"]}
    assert mounts["training"] == "/training"
    compose = documents(DEPLOY / "compose.yaml")[0]["services"]
    assert "training:/training" in compose["training"]["volumes"]
    assert compose["training"]["environment"]["QUEUES"] == "training"


def test_the_manifests_are_of_kubernetes() -> None:
    """By the schemas of Kubernetes itself, and none but known fields. KEDA's own kind is looked at below."""
    from kubernetes_validate import validate

    kinds = set()
    for file in MANIFESTS:
        for document in documents(file):
            if not document["apiVersion"].startswith("keda.sh/"):
                validate(document, "1.31", strict=True)
                kinds.add(document["kind"])
    assert kinds >= {"Deployment", "Service", "Secret", "ConfigMap", "NetworkPolicy", "HorizontalPodAutoscaler"}


def test_a_field_that_kubernetes_does_not_know_is_found() -> None:
    from kubernetes_validate import ValidationError, validate

    deployment = of_kind("Deployment")["web"]
    deployment["spec"]["replica"] = 2
    with pytest.raises(ValidationError):
        validate(deployment, "1.31", strict=True)


def test_everybody_runs_as_an_ordinary_user_with_probes_and_limits() -> None:
    for name, deployment in of_kind("Deployment").items():
        pod = deployment["spec"]["template"]["spec"]
        container = pod["containers"][0]
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert container["securityContext"]["readOnlyRootFilesystem"] is True, name
        assert {"livenessProbe", "startupProbe", "resources"} <= set(container), name
        assert deployment["spec"]["selector"]["matchLabels"] == deployment["spec"]["template"]["metadata"]["labels"]


def scaled() -> Iterator[tuple[str, dict[str, Any]]]:
    yield from ((name, one["spec"]) for name, one in of_kind("ScaledObject").items())


def test_the_workers_grow_with_what_waits_for_them() -> None:
    served = served_queues()
    assert {name for name, _ in scaled()} == set(served), "each kind of worker has its autoscaler"
    for name, spec in scaled():
        assert set(spec) == {
            "scaleTargetRef", "minReplicaCount", "maxReplicaCount", "pollingInterval", "cooldownPeriod", "advanced",
            "triggers",
        }  # fmt: skip
        assert spec["scaleTargetRef"] == {"name": name}
        assert 0 <= spec["minReplicaCount"] < spec["maxReplicaCount"]
        (trigger,) = spec["triggers"]
        assert trigger["type"] == "prometheus"
        # KEDA wants text for every value of a trigger.
        assert {type(value) for value in trigger["metadata"].values()} == {str}
        asked = set().union(*(set(one.split("|")) for one in QUEUE_OPTIONS.findall(trigger["metadata"]["query"])))
        assert asked == served[name]
        assert "replicas" not in of_kind("Deployment")[name]["spec"], "the autoscaler says how many"


@pytest.fixture(scope="module")
def promtool() -> str:
    return str(load("promtool").ensure_promtool())


def expressions() -> list[tuple[str, str]]:
    """Every PromQL expression with where it stands: the board's, the alerts', the autoscalers'."""
    board = json.loads((DEPLOY / "monitoring" / "board.json").read_text(encoding="utf-8"))
    rules = documents(DEPLOY / "monitoring" / "rules.yml")[0]
    return [
        *((panel["title"], target["expr"]) for panel in board["panels"] for target in panel["targets"]),
        *((rule["alert"], rule["expr"]) for group in rules["groups"] for rule in group["rules"]),
        *((f"scaling of {name}", spec["triggers"][0]["metadata"]["query"]) for name, spec in scaled()),
    ]


def test_prometheus_understands_its_configuration_and_every_expression(promtool: str, tmp_path: Path) -> None:
    monitoring = DEPLOY / "monitoring"
    run(promtool, "check", "config", "--syntax-only", monitoring / "prometheus.yml")
    assert "SUCCESS" in run(promtool, "check", "rules", monitoring / "rules.yml")
    rules = [{"record": f"expression_{number}", "expr": text} for number, (_, text) in enumerate(expressions())]
    file = tmp_path / "expressions.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}))
    assert f"{len(rules)} rules found" in run(promtool, "check", "rules", file)
    file.write_text(file.read_text().replace("sum(", "summ(", 1))
    assert subprocess.run([promtool, "check", "rules", str(file)], capture_output=True).returncode != 0


def test_alerts_fire_when_they_should(promtool: str) -> None:
    assert "SUCCESS" in run(promtool, "test", "rules", DEPLOY / "monitoring" / "rules_test.yml")


@pytest.mark.django_db
def test_the_exposition_is_sound_and_holds_every_figure_that_is_asked_for(promtool: str) -> None:
    from animator.selectors.figure import exposition

    for histogram in figures.HISTOGRAMS:
        figure.observe(histogram, 1.0, **dict.fromkeys(histogram.labels, "x"))
    for counter in figures.COUNTERS:
        figure.count(counter, **dict.fromkeys(counter.labels, "x"))
    gpu = {"index": 0, "name": "A card", "used": 1, "total": 2}
    figure.tell_worker("w", {"queues": ["inspect"], "gpus": [gpu]})
    text = exposition().decode()
    run(promtool, "check", "metrics", text=text)
    families = {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}
    for where, expression in expressions():
        for name in re.findall(r"\bpicturetalk_\w+", expression):
            assert name in families, f"{where} asks for {name}"
    shown = {name for _, expression in expressions() for name in re.findall(r"\bpicturetalk_\w+", expression)}
    bare = {re.sub(r"_(total|bucket|sum|count|created)$", "", name) for name in shown}
    for figure_of_ours in (*figures.HISTOGRAMS, *figures.COUNTERS):
        assert figure_of_ours.name in bare, f"nobody looks at {figure_of_ours.name}"


def test_the_board_is_whole() -> None:
    board = json.loads((DEPLOY / "monitoring" / "board.json").read_text(encoding="utf-8"))
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    sources = {target["datasource"]["uid"] for panel in panels for target in panel["targets"]}
    assert sources == {"${source}"}
    assert board["templating"]["list"][0]["name"] == "source"
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _ in cells) < 24
        assert not cells & taken, f"{panel['title']} lies over another"
        taken |= cells
