"""The benchmark measures a real job, as a user would start it, and says what it measured."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gpu_worker.benchmark import Case, Row, Stage, cases, portrait, run, table
from gpu_worker.benchmark_case import Stopwatch
from gpu_worker.cores import usable_cores
from gpu_worker.errors import InputError
from gpu_worker.progress import STAGES, Progress


@pytest.fixture(scope="module")
def row(tmp_path_factory: pytest.TempPathFactory) -> Row:
    return run(Case(256, 320, 1, text="Maybe."), tmp_path_factory.mktemp("bench") / "case")


def test_a_case_is_measured_stage_by_stage(row: Row) -> None:
    assert set(row.stages) == set(STAGES)
    assert row.video_s > 0.5
    assert 0 < row.making_s < row.wall_s
    assert row.engine == "warp"
    assert row.stages["render"].cpu_s > 0
    assert row.stages["encode"].cpu_s > 0, "the encoder's time counts, though it is another process"
    assert row.stages["sign"].wall_s > 0
    assert set(row.alone) == {"analysis", "watermark"}
    assert row.peak_all_mb >= row.peak_mb > 50
    told = row.as_dict()
    assert told["times_real_time"] == pytest.approx(row.video_s / row.wall_s, abs=1e-3)


def test_the_table_is_markdown(row: Row) -> None:
    tables = table([row, row]).split("\n\n")
    for part in (tables[1], tables[3]):
        lines = part.splitlines()
        assert len(lines) == 4
        assert len({line.count("|") for line in lines}) == 1
    assert "| 256x320 | 1 |" in tables[1]
    assert "cores" in tables[0]


def test_a_process_is_bound_to_the_cores_of_its_case() -> None:
    code = "from gpu_worker.benchmark_case import bind; bind(1); from gpu_worker.cores import usable_cores as cores; "
    done = subprocess.run([sys.executable, "-c", f"{code}print(cores())"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"


def test_cases_are_chosen_by_size_and_cores() -> None:
    assert cases("512x512,1080x1920", "1", "hopper", "warp") == (
        Case(512, 512, 1, picture="hopper", engine="warp"),
        Case(1080, 1920, 1, picture="hopper", engine="warp"),
    )
    every = cases(None, None, "astronaut", "auto")
    assert {(case.width, case.height) for case in every} == {(512, 512), (1080, 1080), (1080, 1920), (4096, 3072)}
    assert {case.cores for case in every} == {count for count in (1, 2) if count <= usable_cores()}


@pytest.mark.parametrize(
    ("sizes", "cores"), [("big", None), ("10x10", None), (None, "0"), (None, "9999"), (None, "two")]
)
def test_wrong_sizes_and_cores_are_refused(sizes: str | None, cores: str | None) -> None:
    with pytest.raises(InputError) as caught:
        cases(sizes, cores, "astronaut", "auto")
    assert caught.value.code == "bad_arguments"


@pytest.mark.parametrize("picture", ["astronaut", "hopper"])
def test_portraits_have_the_size_that_is_named(picture: str, tmp_path: Path) -> None:
    from PIL import Image

    portrait(Case(270, 480, 1, picture=picture), tmp_path / "p.png")
    with Image.open(tmp_path / "p.png") as opened:
        assert opened.size == (270, 480)


def test_the_stopwatch_adds_up_stages_that_come_again() -> None:
    watch = Stopwatch()
    for stage in ("inspect", "render", "render", "check", "render"):
        watch(Progress(stage, 0.0, None))
    told = watch.stages()
    assert set(told) == set(STAGES)
    assert told["sign"] == (0.0, 0.0)
    assert all(wall >= 0 and cpu >= 0 for wall, cpu in told.values())
    assert Stage(*told["render"]).wall_s >= 0
