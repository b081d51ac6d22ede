# The web server and the scheduler: docker build -f deploy/docker/site.Dockerfile -t picturetalk-site .
FROM python:3.11-slim-bookworm

# What OpenCV and onnxruntime are linked with and the slim image lacks.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libglib2.0-0=2.74.* libgomp1=12.2.* \
    && rm -rf /var/lib/apt/lists/*

# The environment first: it changes less often than the code.
WORKDIR /app
COPY requirements.txt requirements-screening.txt constraints.txt ./
COPY deploy/bootstrap.sh deploy/setup.py deploy/
RUN sh deploy/bootstrap.sh install && rm -rf /root/.cache
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1

COPY . .
# Everything that is written lies under one folder, for a volume or the memory of the container.
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/picturetalk picturetalk
USER 10001
ENV DEBUG=false VAR_DIR=/var/lib/picturetalk HOST=0.0.0.0 PORT=8000 PICTURETALK_LOG_FORMAT=json
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=120s --retries=4 \
    CMD ["python", "deploy/docker/healthy.py"]
CMD ["sh", "deploy/docker/web.sh"]
