"""What a user should know of their recording before a video is made from it: sentences, from what was measured."""

from __future__ import annotations

from dataclasses import dataclass

from gpu_worker.media.loudness import Loudness, measure_loudness
from gpu_worker.schema import Finding, Waveform

#: Beyond these a recording is remarked on: loudness in LUFS, shares of samples and of time, signal to noise in dB.
QUIET_LUFS = -33.0
CLIPPED_SHARE = 0.0005
SILENT_SHARE = 0.6
NOISY_DB = 18.0


@dataclass(frozen=True)
class SoundReport:
    """The check of one recording; nothing in it forbids a video."""

    duration: float
    loudness: Loudness
    findings: tuple[Finding, ...]


def inspect_sound(waveform: Waveform) -> SoundReport:
    """Measure a recording and say what is wrong with it.

    Findings: ``quiet``, ``clipped``, ``mostly_silence``, ``noisy``.
    """
    measured = measure_loudness(waveform)
    findings: list[Finding] = []
    if measured.integrated is None or measured.integrated < QUIET_LUFS:
        findings.append(
            Finding("quiet", "The recording is very quiet.", "Speak nearer to the microphone, or raise its level.")
        )
    if measured.clipped > CLIPPED_SHARE:
        findings.append(
            Finding(
                "clipped",
                "The recording is overdriven: its loudest parts are cut off.",
                "Lower the microphone's level or step back, and record again.",
            )
        )
    if measured.silent > SILENT_SHARE:
        findings.append(
            Finding(
                "mostly_silence",
                f"{measured.silent:.0%} of the recording is silence.",
                "Cut off what is not needed; the face keeps still meanwhile.",
            )
        )
    if measured.snr is not None and measured.snr < NOISY_DB:
        findings.append(
            Finding(
                "noisy",
                "There is much noise, music or echo behind the voice.",
                "Record in a quiet room; a transcript makes the lips more exact.",
            )
        )
    return SoundReport(waveform.duration, measured, tuple(findings))
