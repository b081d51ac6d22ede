# A worker with a graphics card, in the environment that carries WhisperX. The machine brings the driver and NVIDIA's
# container toolkit; the wheels bring CUDA:
#   docker build -f deploy/docker/gpu-worker.Dockerfile --build-arg TORCH_INDEX=ADDRESS -t picturetalk-gpu-worker .
# TORCH_INDEX is the index that has torch built for the card; without it torch runs on the processor.
FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install -y --no-install-recommends libglib2.0-0=2.74.* libgomp1=12.2.* flite=2.2-* \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY . .
ARG TORCH_INDEX=
RUN TORCH_INDEX=$TORCH_INDEX sh deploy/bootstrap.sh gpu-env && rm -rf /root/.cache
ENV PATH=/app/.venv-gpu/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1

RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/picturetalk picturetalk
USER 10001
ENV DEBUG=false VAR_DIR=/var/lib/picturetalk NUMBA_CACHE_DIR=/var/lib/picturetalk/numba PICTURETALK_LOG_FORMAT=json
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
ENV QUEUES="render-gpu"
HEALTHCHECK --interval=30s --timeout=5s --start-period=300s --retries=3 \
    CMD ["python", "-m", "picturetalk_site.probe"]
CMD ["sh", "deploy/docker/worker.sh"]
