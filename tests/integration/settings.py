"""Settings of the integration part: the site on a real PostgreSQL; a real S3 server runs beside it.

``pytest --ds tests.integration.settings``. Both servers belong to this process and end with it. Every test of the site
may run on this database; those in this folder also keep their files in the bucket, and the workers that they start find
both in the environment.
"""

import atexit
import json
import os

from tests.services.postgres import PostgresServer
from tests.services.s3 import S3Server

DATABASE_SERVER = PostgresServer()
atexit.register(DATABASE_SERVER.remove)
DATABASE_SERVER.start()
BUCKET_SERVER = S3Server()
atexit.register(BUCKET_SERVER.stop)
BUCKET_SERVER.start()
# Backups are made by PostgreSQL's own programs.
os.environ["PATH"] = f"{DATABASE_SERVER.programs}{os.pathsep}{os.environ['PATH']}"
os.environ["PICTURETALK_TEST_SERVICES"] = json.dumps({"DATABASE_URL": DATABASE_SERVER.url("picturetalk")})

from tests.settings import *  # noqa: E402, F403
