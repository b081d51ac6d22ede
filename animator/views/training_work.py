"""What every kind of training work can be told from its page: stop, or go on."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest

from accounts.models import User
from animator.errors import SiteError
from animator.models import TrainingData, TrainingEvaluation
from animator.services import training_work


def stop_or_resume(
    request: HttpRequest, administrator: User, row: TrainingData | TrainingEvaluation, action: str
) -> None:
    """Do it, or leave a message that says why not. Raises ``Http404`` for any other action."""
    if action not in ("stop", "resume"):
        raise Http404
    try:
        if action == "stop":
            training_work.ask_to_stop(administrator, row)
        else:
            training_work.queue_again(administrator, row)
    except SiteError as error:
        messages.error(request, f"{error.message} {error.hint}")
