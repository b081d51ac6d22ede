"""The pages of plain text are open to everybody and carry nothing from elsewhere."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from picturetalk_site.urls import TEXT_PAGES


@pytest.mark.django_db
@pytest.mark.parametrize("name", TEXT_PAGES)
def test_a_visitor_can_read_it(name: str, client: Client) -> None:
    answer = client.get(reverse(name))
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "<h1" in page
    assert "AI-animated" in page
