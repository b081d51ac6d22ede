"""What the site has of me: taking it along, and closing the account."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from animator import storage
from animator.api.errors import api
from animator.api.user import signed_in_user
from animator.errors import SiteError
from animator.forms.account import CloseAccountForm
from animator.media_address import fresh_address
from animator.selectors.export import export_for_user, exports_of
from animator.selectors.quota import quota_payload
from animator.services.account import close_own_account
from animator.services.export import ask_for_export
from animator.services.retention import periods


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """The page on privacy, with the periods that are in force."""
    return render(request, "pages/privacy.html", {"periods": periods()})


@require_safe
@login_required
@never_cache
def my_data(request: HttpRequest) -> HttpResponse:
    user = signed_in_user(request)
    context = {"exports": exports_of(user), "quota": quota_payload(user), "form": CloseAccountForm()}
    return render(request, "animator/my_data.html", context)


@require_POST
@login_required
def export_new(request: HttpRequest) -> HttpResponse:
    """Have everything packed."""
    try:
        ask_for_export(signed_in_user(request))
    except SiteError as error:
        messages.error(request, f"{error.message} {error.hint}")
    else:
        messages.success(request, "Your data is being packed. Come back to this page in a few minutes.")
    return redirect("animator:my_data")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def account_close(request: HttpRequest) -> HttpResponse:
    """The last question, and the answer to it."""
    user = signed_in_user(request)
    form = CloseAccountForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                close_own_account(user, form.cleaned_data["password"])
            except SiteError as error:
                form.add_error("password" if error.code == "wrong_password" else None, f"{error.message} {error.hint}")
                status = error.status
            else:
                logout(request)
                messages.success(request, "Your account is closed, and what you gave is erased.")
                return redirect("animator:home")
    return render(request, "animator/account_close.html", {"form": form}, status=status)


@api("GET", "HEAD")
def export_file(request: HttpRequest, export_id: UUID) -> HttpResponseBase:
    """The zip file, for its owner."""
    user = signed_in_user(request)
    export = export_for_user(user, export_id)
    if elsewhere := fresh_address(request, user.id):
        return elsewhere
    name = f"picturetalk-{export.created_at:%Y-%m-%d}.zip"
    return storage.serve(request, export.path, etag=export.id.hex, download_name=name)
