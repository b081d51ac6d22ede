"""The ASGI application: HTTP by Django, websockets by Channels for signed-in users of this very site."""

from __future__ import annotations

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "picturetalk_site.settings")

# Loads the apps; the routing below imports consumers, which import models.
http_application = get_asgi_application()

from animator.routing import websocket_urlpatterns  # noqa: E402
from animator.upload_limit import UploadLimit  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": UploadLimit(http_application),
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)
