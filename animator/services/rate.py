"""How often a visitor may do what costs us something, without an account and without keeping who it was.

Counters live in the cache under a keyed hash of the address, for one window of time. A visitor's address is what the
web server says it is; behind a proxy the server must be told to believe it.
"""

from __future__ import annotations

import hmac
import logging
import time
from hashlib import sha256

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

from animator.errors import SiteError, too_many

log = logging.getLogger(__name__)


def visitor(request: HttpRequest) -> str:
    """A name for who asks, good for counting alone: 64 bits of a keyed hash of account or address."""
    user = request.user
    if user.is_authenticated:
        who = f"user {user.pk}"
    else:
        address = str(request.META.get("REMOTE_ADDR", ""))
        # One household often has a whole /64 of IPv6.
        who = ":".join(address.split(":")[:4]) if ":" in address else address
    return hmac.new(settings.SECRET_KEY.encode(), f"visitor {who}".encode(), sha256).hexdigest()[:16]


def count(kind: str, who: str, limit: int, window_s: int) -> None:
    """Count one more. Raises ``too_often`` (429) past ``limit`` in this window, ``try_later`` (503) without a cache."""
    key = f"rate:{kind}:{who}:{int(time.time()) // window_s}"
    try:
        cache.add(key, 0, timeout=window_s)
        used = cache.incr(key)
    except ValueError:
        used = 1  # the window ended between the two calls
    except RedisError as error:
        log.error("Nothing can be counted, Redis is away: %s", error)
        raise SiteError(
            "try_later", "This does not work at the moment.", "Please try again soon.", status=503
        ) from None
    if used > limit:
        raise too_many("too_often", "That was too often in a short time.", "Please try again in an hour.")
