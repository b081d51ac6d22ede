"""What the timing of speech has to say to the people whose speech it is: where their words and their sound differ.

A timeline's reasons also say why an engine was left, which is of use to operators. The sentences that concern the
owner of the speech begin as follows, and whoever writes one begins it so.
"""

from __future__ import annotations

from collections.abc import Iterable

NOT_HEARD = "Not heard in the sound:"
DOUBTFUL = "These words may not be what is said:"
NOT_IN_THE_TEXT = "Something is said that the text does not have,"
TRANSCRIPT = "The transcript "
_BEGINNINGS = (NOT_HEARD, DOUBTFUL, NOT_IN_THE_TEXT, TRANSCRIPT)


def remarks_of(reasons: Iterable[str]) -> list[str]:
    """Those of a timeline's reasons that its owner should read, in order."""
    return [reason for reason in reasons if reason.startswith(_BEGINNINGS)]
