#!/bin/sh
# Becomes a worker on the queues in QUEUES. SIGTERM reaches it directly: what it is at goes back to its queue at once.
set -eu
# shellcheck disable=SC2086 # one word for each queue
exec python manage.py rqworker --worker-class gpu_worker.worker.EngineWorker $QUEUES
