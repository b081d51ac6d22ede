"""Reading the users' own dictionaries."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from accounts.models import User
from animator.models import Pronunciation


def pronunciation_for_user(user: User, pronunciation_id: UUID) -> Pronunciation:
    """The user's own entry. Raises ``Pronunciation.DoesNotExist`` for anybody else's."""
    return Pronunciation.objects.get(id=pronunciation_id, owner=user)


def pronunciations(user: User) -> list[Pronunciation]:
    """The user's entries in alphabetical order."""
    return list(Pronunciation.objects.filter(owner=user))


def dictionary_for(owner_id: UUID, language: str) -> dict[str, str]:
    """The owner's words in a language as the engine takes them; one for the language itself beats one for all, and one
    for English holds for British English too."""
    wanted = ["", language.split("-")[0], language]
    rows = Pronunciation.objects.filter(owner_id=owner_id, language__in=wanted).values_list("language", "word", "said")
    return {word: said for _, word, said in sorted(rows, key=lambda row: wanted.index(row[0]))}


def pronunciation_payload(entry: Pronunciation) -> dict[str, Any]:
    """An entry as the API says it."""
    return {"id": str(entry.id), "word": entry.word, "language": entry.language, "said": entry.said}
