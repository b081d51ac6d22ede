"""The words people confirm before a video is made. A changed text gets a new version; old ones stay in the consents.

Adding a basis here means adding it to ``animator.models.consent.Basis``; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass

from animator.models.consent import Basis


@dataclass(frozen=True)
class Statement:
    """What one basis asks a person to confirm."""

    basis: str
    title: str
    text: str
    version: str

    def as_dict(self) -> dict[str, str]:
        return {"basis": self.basis, "title": self.title, "text": self.text, "version": self.version}


_ALWAYS = (
    "I am 18 or older, and so is, or was, the person shown. I will not use the video to deceive anyone or to harm the "
    "person shown. I know that the video carries a visible label saying that it is AI-animated, and that this "
    "confirmation is kept with it."
)

STATEMENTS: dict[str, Statement] = {
    statement.basis: statement
    for statement in (
        Statement(
            Basis.SELF,
            "It is me",
            f"I am the person in this photo and agree that my face is made to say the words I have chosen. {_ALWAYS}",
            "2026-11-1",
        ),
        Statement(
            Basis.LIVING_AGREED,
            "A living person who agreed",
            "The person in this photo is alive, knows the words that will be put into their mouth, and agreed to it "
            "before I came here. I can show that they agreed, and I will delete the video when they ask for it. "
            f"{_ALWAYS}",
            "2026-11-1",
        ),
        Statement(
            Basis.DECEASED_FAMILY,
            "A deceased family member",
            "The person in this photo has died, I belong to their closest family, and to my knowledge neither they nor "
            f"anyone in the family objected or would object. {_ALWAYS}",
            "2026-11-1",
        ),
        Statement(
            Basis.HISTORIC,
            "A historic figure",
            "The person in this photo is a figure of history who died long ago. I will say that the words are not "
            f"theirs wherever that is not plain, and I will not misstate what they stood for. {_ALWAYS}",
            "2026-11-1",
        ),
    )
}
