"""GPU memory as the driver's program says it. There may be no GPU here: a program of the same form stands in for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpu_worker.gpu_figures import MIB, GpuMemory, gpu_memory, parse


def test_each_gpu_is_read_and_a_lost_one_left_out() -> None:
    text = "0, NVIDIA H200, 1024, 143771\n1, NVIDIA H200, [GPU is lost], [N/A]\n\n2, Tesla T4, 0, 15360\n"
    assert parse(text) == [
        GpuMemory(0, "NVIDIA H200", 1024 * MIB, 143771 * MIB),
        GpuMemory(2, "Tesla T4", 0, 15360 * MIB),
    ]
    assert parse(text)[1].as_dict() == {"index": 2, "name": "Tesla T4", "used": 0, "total": 15360 * MIB}


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo '0, A card, 5, 10'", [GpuMemory(0, "A card", 5 * MIB, 10 * MIB)]),
        ("echo 'NVIDIA-SMI has failed'; exit 9", []),
        ("echo 'No devices were found'", []),
    ],
)
def test_the_program_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, expected: list[GpuMemory]
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert gpu_memory() == expected


def test_without_the_program_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpu_memory() == []
