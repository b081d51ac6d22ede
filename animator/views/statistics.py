"""The yearly figures: a page, and a CSV file for the transparency report."""

from __future__ import annotations

import csv
import io

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from animator.selectors.statistics import Figure, yearly_figures, years
from animator.views.moderator import moderators_only


@require_safe
@moderators_only
def moderation_statistics(request: HttpRequest, user: User) -> HttpResponse:
    """``?year=2026``, by default the present one; ``?format=csv`` downloads it."""
    known = years()
    asked = request.GET.get("year", str(known[0]))
    if not asked.isascii() or not asked.isdigit() or int(asked) not in known:
        raise Http404
    year = int(asked)
    figures = yearly_figures(year)
    if request.GET.get("format") == "csv":
        return _csv(year, figures)
    sections: dict[str, list[Figure]] = {}
    for figure in figures:
        sections.setdefault(figure.section, []).append(figure)
    context = {"year": year, "years": known, "sections": sections.items()}
    return render(request, "animator/moderation_statistics.html", context)


def _csv(year: int, figures: list[Figure]) -> HttpResponse:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["year", "section", "figure", "value", "unit"])
    for figure in figures:
        value = "" if figure.value is None else figure.value
        writer.writerow([year, figure.section, figure.name, value, figure.unit])
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="moderation-{year}.csv"'
    return response
