"""Writing the users' own dictionaries."""

from __future__ import annotations

from uuid import UUID

from accounts.models import User
from animator.errors import too_many
from animator.models import Pronunciation
from animator.selectors.pronunciation import pronunciation_for_user
from gpu_worker.languages import find_language
from gpu_worker.speech.dictionary import MAX_ENTRIES, PronunciationDictionary, check_said, folded
from gpu_worker.timeline_json import check_label


def keep_pronunciation(user: User, word: str, said: str, language: str = "") -> Pronunciation:
    """Keep how a word is said, instead of what was kept for it before.

    Raises ``bad_pronunciation``, ``bad_timeline`` for what is no word, ``unsupported_language`` or ``dictionary_full``.
    """
    label, spoken = check_label(word), check_said(said)
    PronunciationDictionary({label: spoken})
    code = find_language(language).code if language else ""
    entry, made = Pronunciation.objects.update_or_create(
        owner=user, language=code, folded=folded(label), defaults={"word": label, "said": spoken}
    )
    if made and Pronunciation.objects.filter(owner=user).count() > MAX_ENTRIES:
        entry.delete()
        raise too_many("dictionary_full", f"A dictionary holds {MAX_ENTRIES} words.", "Remove some of them.")
    return entry


def forget_pronunciation(user: User, pronunciation_id: UUID) -> None:
    """Remove an entry of the user's."""
    pronunciation_for_user(user, pronunciation_id).delete()
