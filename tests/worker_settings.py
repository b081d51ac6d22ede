"""Settings of worker processes in tests: those of the site, with short clocks so that a lost worker is soon missed."""

from picturetalk_site.settings import *  # noqa: F403

PICTURETALK_HEARTBEAT_S = 0.5
PICTURETALK_CANCEL_POLL_S = 0.2
PICTURETALK_STALE_AFTER_S = 8
PICTURETALK_RENDER_NICENESS = 0
PICTURETALK_LOST_AFTER_S = 1
# Measuring takes seconds that no test has to spare at every start of a worker.
MEASURE_ENGINES = False
