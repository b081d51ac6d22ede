"""The words people confirm before a video is made. A changed text gets a new version; old ones stay in the consents.

Adding a basis here means adding it to ``animator.models.consent.Basis``; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from animator.models.consent import Basis


@dataclass(frozen=True)
class Statement:
    """What one basis asks a person to confirm."""

    basis: str
    title: str
    text: str
    version: str

    def full_text(self, *, minor: bool = False) -> str:
        """The words that are confirmed and kept; ``minor``: the person was under 18 in the picture."""
        return f"{self.text} {MINOR if minor else ADULT}"

    def as_dict(self) -> dict[str, str]:
        return {
            "basis": self.basis,
            "title": self.title,
            "text": self.full_text(),
            "text_minor": self.full_text(minor=True),
            "version": self.version,
        }


ADULT = "The person shown was 18 or older when the picture was taken."
MINOR = (
    "The person shown was under 18 when the picture was taken. They are grown up and agree, or have died, or I am "
    "their parent or guardian; what is made is seemly, and a person may look at it before it is made."
)
_ALWAYS = (
    "I am 18 or older. I will not use the video to deceive anyone or to harm the "
    "person shown. I know that the video carries a visible label saying that it is AI-animated, and that this "
    "confirmation is kept with it."
)

STATEMENTS: dict[str, Statement] = {
    statement.basis: statement
    for statement in (
        Statement(
            Basis.SELF,
            "It is me",
            f"I am the person in this photo and agree that my face is made to say the words, and to make the "
            f"movements, that I have chosen. {_ALWAYS}",
            "2026-11-3",
        ),
        Statement(
            Basis.LIVING_AGREED,
            "A living person who agreed",
            "The person in this photo is alive and agrees by themselves, through the link that I send to nobody but "
            f"them. I will delete the video when they ask for it. {_ALWAYS}",
            "2026-11-2",
        ),
        Statement(
            Basis.DECEASED_FAMILY,
            "A deceased family member",
            "The person in this photo has died, I belong to their closest family, and to my knowledge neither they nor "
            f"anyone in the family objected or would object. {_ALWAYS}",
            "2026-11-2",
        ),
        Statement(
            Basis.HISTORIC,
            "A historic figure",
            "The person in this photo is a figure of history who died long ago. I will say that the words and "
            f"movements are not theirs wherever that is not plain, and I will not misstate what they stood for. "
            f"{_ALWAYS}",
            "2026-11-3",
        ),
    )
}


#: What the person shown agrees to through their own link; a changed text gets a new version.
PERSON_VERSION = "2026-11-1"
_SCOPES = {
    "speech": "speak words that {asker} chooses, within the rules of this site",
    "gestures": "move without words (smile, nod, look around)",
    "sharing": "be shown to others by a private link",
}


def person_text(asker: str, scope: Sequence[str], *, minor: bool) -> str:
    """The very words that the person shown confirms for this ``scope`` (of ``speech``, ``gestures``, ``sharing``)."""
    allowed = "; ".join(_SCOPES[name].format(asker=asker) for name in scope)
    age = "It was taken before I was 18; I am 18 or older now. " if minor else "I am 18 or older. "
    return (
        f"I am the person in this picture. {age}I agree that {asker} has my face in this picture animated: "
        f"it may {allowed}. Every video carries a visible label saying that it is AI-animated. I agree of my own will. "
        "I can take this back at any time with the same link; what was made with it is then erased."
    )
