"""Addresses: the site's own are in ``animator.urls``; here they are joined with those of the libraries."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import TemplateView

from animator.views.metrics import metrics
from animator.views.my_data import privacy
from picturetalk_site import health

#: Pages of plain text, open to everybody: ``templates/pages/<name>.html``.
TEXT_PAGES = ("about", "labelling")

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    # Before "admin/", whose catch-all would answer first.
    path("admin/queues/", include("django_rq.urls")),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    *[path(f"{name}/", TemplateView.as_view(template_name=f"pages/{name}.html"), name=name) for name in TEXT_PAGES],
    path("privacy/", privacy, name="privacy"),
    path("", include("animator.urls")),
]

# JSON for the API, the pages of templates/ for the rest.
handler404 = "animator.api.errors.page_not_found"
handler500 = "animator.api.errors.server_error"
