"""The storage of a bucket that browsers reach under another address than the site does."""

from __future__ import annotations

import threading
from typing import Any

from storages.backends.s3 import S3Storage


class BucketStorage(S3Storage):  # type: ignore[misc]  # django-storages has no types
    """Signs addresses for ``public_endpoint_url``; everything else goes to ``endpoint_url``.

    A signature covers the host, so that an address cannot be rewritten after it was signed.
    """

    public_endpoint_url: str | None

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._signers = threading.local()

    def get_default_settings(self) -> dict[str, Any]:
        return {**super().get_default_settings(), "public_endpoint_url": None}

    def url(
        self, name: str, parameters: dict[str, str] | None = None, expire: int | None = None,
        http_method: str | None = None,
    ) -> str:  # fmt: skip
        if not self.public_endpoint_url:
            return str(super().url(name, parameters, expire, http_method))
        wanted = {**(parameters or {}), "Bucket": self.bucket_name, "Key": self._normalize_name(name)}
        return str(
            self._signer().generate_presigned_url(
                "get_object", Params=wanted, ExpiresIn=expire or self.querystring_expire, HttpMethod=http_method
            )
        )

    def _signer(self) -> Any:
        """A client that never connects: it knows the public address, and one is kept for each thread."""
        if not hasattr(self._signers, "client"):
            self._signers.client = self._create_session().client(
                "s3", region_name=self.region_name, endpoint_url=self.public_endpoint_url, config=self.client_config
            )
        return self._signers.client
