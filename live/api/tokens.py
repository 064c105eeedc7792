"""Access and refresh tokens for API clients. Pages use the session cookie instead."""

from __future__ import annotations

from django.contrib.auth import authenticate
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import RefreshToken

from live.api.base import ApiView, checked
from live.api.describe import described
from live.api.envelope import ok
from live.api.serializers import RefreshRequest, TokenPair, TokenRequest
from live.api.throttles import SignInThrottle
from live.models import User
from live.refusals import refusal

PAIR_EXAMPLE = {"access": "eyJhbGciOi…", "refresh": "eyJhbGciOi…"}


class TokenView(ApiView):
    authentication_classes = ()
    throttle_classes = (SignInThrottle,)

    @described(
        "TokenCreate",
        "Sign in: an access and a refresh token",
        tag="auth",
        request=TokenRequest,
        request_example={"username": "demo", "password": "…"},
        answer=TokenPair(),
        example=PAIR_EXAMPLE,
        errors=("bad_json", "invalid", "bad_credentials", "banned"),
        guests=True,
        auth=[],
    )
    def post(self, request: Request) -> Response:
        given = checked(TokenRequest, request.data)
        user = authenticate(request, username=given["username"], password=given["password"])
        if not isinstance(user, User):
            raise refusal("bad_credentials")
        _refuse_banned(user)
        User.objects.filter(pk=user.pk).update(last_login=timezone.now())
        return ok(_pair(user))


class TokenRefreshView(ApiView):
    authentication_classes = ()
    throttle_classes = (SignInThrottle,)

    @described(
        "TokenRefresh",
        "A new pair for a refresh token",
        tag="auth",
        request=RefreshRequest,
        request_example={"refresh": "eyJhbGciOi…"},
        answer=TokenPair(),
        example=PAIR_EXAMPLE,
        errors=("bad_json", "invalid", "token_invalid", "banned"),
        guests=True,
        auth=[],
    )
    def post(self, request: Request) -> Response:
        given = checked(RefreshRequest, request.data)
        try:
            old = RefreshToken(given["refresh"])
            user = User.objects.get(pk=old[api_settings.USER_ID_CLAIM], is_active=True)
        except (TokenError, KeyError, ValueError, User.DoesNotExist):
            raise InvalidToken from None
        _refuse_banned(user)
        return ok(_pair(user))


def _refuse_banned(user: User) -> None:
    if user.is_banned:
        raise refusal("banned")


def _pair(user: User) -> dict[str, str]:
    """Their claim `user_id` is a number as everywhere; the library would make it a string."""
    refresh = RefreshToken.for_user(user)
    refresh[api_settings.USER_ID_CLAIM] = user.pk
    return {"access": str(refresh.access_token), "refresh": str(refresh)}
