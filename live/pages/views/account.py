"""Sign up, sign in, sign out, language."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django.views.i18n import set_language

from live.actions import do_set_language, do_sign_up
from live.errors import MicroVibeError
from live.models import User
from live.pages.forms import SignInForm, SignUpForm, add_refusal
from live.pages.people import person, safe_next
from live.tries import address_of, count_try, refuse_too_many

YEAR_SECS = 365 * 86_400


class SignIn(LoginView):
    template_name = "sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        user = form.get_user()
        if isinstance(user, User) and user.language:
            set_language_cookie(response, user.language)
        return response


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    if person(request) is not None:
        return redirect(safe_next(request, reverse("dashboard")))
    if not settings.SIGN_UP_OPEN:
        raise MicroVibeError("sign_up_closed")
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        address = address_of(request)
        refuse_too_many("sign_up_by_address", address)
        try:
            user = do_sign_up(**form.cleaned_data)
        except MicroVibeError as error:
            add_refusal(form, error)
        else:
            count_try("sign_up_by_address", address)
            login(request, user)
            return redirect(safe_next(request, reverse("dashboard")))
    return render(request, "sign_up.html", {"form": form, "next": safe_next(request, "")})


@require_POST
def choose_language(request: HttpRequest) -> HttpResponseBase:
    """Kept in a cookie, and with the account of who is signed in."""
    user = person(request)
    if user is not None:
        do_set_language(user, request.POST.get("language", ""))
    return set_language(request)


def set_language_cookie(response: HttpResponse, language: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=YEAR_SECS,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )
