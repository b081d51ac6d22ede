"""What goes into the sound-to-motion model and what comes out: the columns and the rates, in one place.

A *row* is 20 ms of sound. Row i stands for the instant ``i / ROW_RATE`` from the start of the sound.
"""

from __future__ import annotations

from gpu_worker.visemes.parameters import SHAPES, TRANSPARENT

#: Every sound is analysed at this rate, Hz.
RATE = 16000
#: Spectra a second, and rows (pairs of spectra) a second.
SPECTRUM_RATE, ROW_RATE = 100, 50
#: Samples between two spectra, and between two rows.
HOP, ROW_HOP = RATE // SPECTRUM_RATE, RATE // ROW_RATE
#: Mel bands of one spectrum.
MEL_BANDS = 80
#: States of the acoustic model's 42 phones.
STATES = 126
#: Phones of the acoustic model that are speech or silence; its two kinds of noise are left out.
LOOP_PHONES = 40
#: Level, pitch and voicing.
VOICE_COLUMNS = 3

MEL_COLUMNS = slice(0, 2 * MEL_BANDS)
STATE_COLUMNS = slice(MEL_COLUMNS.stop, MEL_COLUMNS.stop + STATES)
VOICE = slice(STATE_COLUMNS.stop, STATE_COLUMNS.stop + VOICE_COLUMNS)
OPINION = slice(VOICE.stop, VOICE.stop + LOOP_PHONES)
#: Width of a row.
FEATURES = OPINION.stop

#: The controls that follow the sound alone, in the order of the model's output.
MOUTH: tuple[str, ...] = (
    "jaw", "pucker", "stretch", "upper_raise", "lower_depress", "press", "close", "lip_in", "tongue_up",
    "tongue_forward",
)  # fmt: skip
#: The controls that the sound leaves open and that are drawn at random around it: eyes, brows and head.
EXPRESSION: tuple[str, ...] = (
    "blink_left", "blink_right", "squint_left", "squint_right", "smile_left", "smile_right", "brow_left",
    "brow_right", "gaze_x", "gaze_y", "yaw", "pitch", "roll", "shift_x", "shift_y", "scale", "jaw_side",
)  # fmt: skip
#: What one unit of the model's output means: degrees for the head, small fractions for shifts, 1 for the rest.
EXPRESSION_UNITS: dict[str, float] = {
    "yaw": 5.0, "pitch": 5.0, "roll": 5.0, "shift_x": 0.02, "shift_y": 0.02, "scale": 0.02,
}  # fmt: skip
#: Classes of the phone head, silence first.
PHONES: tuple[str, ...] = ("SIL", *sorted((set(SHAPES) | TRANSPARENT) - {"SIL"}))
PHONE: dict[str, int] = {name: place for place, name in enumerate(PHONES)}

#: Numbers of random noise that each row of the expression takes.
NOISE = 8
#: Optional inputs: a phone (one of :data:`PHONES`), the voice's style and an emotion, all 0 where nobody says.
STYLE: tuple[str, ...] = ("energetic", "calm", "whispered", "sung")
EMOTIONS: tuple[str, ...] = ("neutral", "happy", "sad", "angry", "surprised", "afraid", "disgusted")
CONDITIONS = len(PHONES) + len(STYLE) + len(EMOTIONS)

#: Rows that the causal model sees ahead of the one it answers for.
LOOK_AHEAD_ROWS = 3
#: Look-ahead of a row's own analysis (spectra 30 ms on, each half a window wide), seconds.
ANALYSIS_SECONDS = 0.05
#: The whole look-ahead of the causal model, seconds.
LOOK_AHEAD_SECONDS = ANALYSIS_SECONDS + LOOK_AHEAD_ROWS / ROW_RATE
