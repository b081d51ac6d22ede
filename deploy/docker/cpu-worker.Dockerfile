# A worker without a graphics card: docker build -f deploy/docker/cpu-worker.Dockerfile -t picturetalk-cpu-worker .
FROM python:3.11-slim-bookworm

# What OpenCV and onnxruntime are linked with and the slim image lacks; flite speaks where it is chosen as a voice.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libglib2.0-0=2.74.* libgomp1=12.2.* flite=2.2-* \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements.txt requirements-screening.txt constraints.txt ./
COPY deploy/bootstrap.sh deploy/setup.py deploy/
RUN sh deploy/bootstrap.sh install && rm -rf /root/.cache
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1

COPY . .
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/picturetalk picturetalk
USER 10001
# The compiled renderer is kept where the user may write.
ENV DEBUG=false VAR_DIR=/var/lib/picturetalk NUMBA_CACHE_DIR=/var/lib/picturetalk/numba PICTURETALK_LOG_FORMAT=json
# Which work it takes, the first named first.
ENV QUEUES="inspect default speech render-cpu bulk"
HEALTHCHECK --interval=30s --timeout=5s --start-period=180s --retries=3 \
    CMD ["python", "-m", "picturetalk_site.probe"]
CMD ["sh", "deploy/docker/worker.sh"]
