"""The engine: a photo and speech in, a talking video with its certificate out. It knows nothing of the site."""

import os

# Before anything loads the linear algebra: frames keep every core busy, so that its threads would only spin beside
# them, and a process in which they run must not be copied (speech/apart.py).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
