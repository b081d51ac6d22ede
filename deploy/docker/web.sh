#!/bin/sh
# Brings database and static files up to date (one machine after the other on PostgreSQL), then becomes the web server.
set -eu
python -m picturetalk_site.prepare
exec uvicorn picturetalk_site.asgi:application --host "$HOST" --port "$PORT" --no-access-log --lifespan off \
    --log-level warning --ws-max-size 65536 --timeout-graceful-shutdown 20
