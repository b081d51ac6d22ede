"""``/api/moderation/lock/``: the open page renews its lock, and gives it up when it is left."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from animator.api.body import Body
from animator.api.errors import api, error_response
from animator.api.user import signed_in_user
from animator.errors import SiteError
from animator.models.item_lock import ItemKind
from animator.selectors.item_lock import staff_name
from animator.selectors.result import may_moderate
from animator.services import item_lock


@api("POST")
def lock(request: HttpRequest) -> HttpResponseBase:
    """``{"kind", "item", "release"}`` -> ``{"mine", "holder", "until"}``."""
    user = signed_in_user(request)
    if not may_moderate(user):
        return error_response(403, "moderators_only", "This is for moderators.")
    body = Body.of(request)
    kind, item = body.text("kind", ""), body.uuid("item")
    if kind not in ItemKind.values:
        raise SiteError("bad_request", "There is no such kind of item.")
    if body.flag("release"):
        item_lock.release(user, kind, item)
        return JsonResponse({"mine": False, "holder": "", "until": None})
    held = item_lock.claim(user, kind, item)
    return JsonResponse(
        {
            "mine": held.holder_id == user.pk,
            "holder": staff_name(held.holder, user),
            "until": held.expires_at.isoformat(),
        }
    )
