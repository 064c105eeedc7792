"""Accounts, and what staff does about people and rooms."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from live import access, events
from live.actions._room import end_play_tokens, move
from live.actions.guests import do_remove_everywhere
from live.actions.ingest import do_cut_off_sender
from live.lifecycle import Banned, EndAsked, EndReason, Unbanned
from live.models import Room, User
from live.refusals import refusal
from live.text import clean_text


def do_sign_up(username: str, password: str, display_name: str = "") -> User:
    """Raises username_taken, invalid (data.fields)."""
    username = User.normalize_username(username.strip())
    user = User(username=username, display_name=clean_text(display_name)[:50])
    wrong: dict[str, list[str]] = {}
    try:
        UnicodeUsernameValidator()(username)
    except ValidationError as error:
        wrong["username"] = list(error.messages)
    if not 1 <= len(username) <= 150:
        wrong["username"] = ["1 to 150 characters"]
    try:
        validate_password(password, user)
    except ValidationError as error:
        wrong["password"] = list(error.messages)
    if wrong:
        raise refusal("invalid", fields=wrong)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise refusal("username_taken") from None
    return user


def do_set_language(user: User, language: str) -> User:
    """The language of pages and mails; one that we do not have is left alone."""
    if language in dict(settings.LANGUAGES) and user.language != language:
        user.language = language
        user.save(update_fields=["language"])
    return user


def do_ban_room(room: Room, by: User | None = None, reason: str = "") -> Room:
    return move(room, Banned())


def do_unban_room(room: Room, by: User | None = None) -> Room:
    return move(room, Unbanned())


@transaction.atomic
def do_ban_user(user: User, by: User | None = None, reason: str = "") -> User:
    """Ends what the user has on the air and closes their connections. Nobody bans themselves."""
    if by is not None and by.pk == user.pk:
        raise refusal("forbidden")
    fresh = User.objects.select_for_update().get(pk=user.pk)
    if fresh.banned_at is None:
        fresh.banned_at = timezone.now()
    fresh.ban_reason = clean_text(reason)[:200] or fresh.ban_reason
    fresh.save(update_fields=["banned_at", "ban_reason"])
    user.banned_at, user.ban_reason = fresh.banned_at, fresh.ban_reason
    for room in access.rooms_on_air().filter(owner=fresh):
        move(room, EndAsked(EndReason.BANNED))
    do_cut_off_sender(fresh)
    events.publish(events.UserBanned(fresh.pk))
    do_remove_everywhere(fresh)
    for room in Room.objects.filter(publishers__user=fresh):
        end_play_tokens(room)
    return fresh


def do_unban_user(user: User, by: User | None = None) -> User:
    user.banned_at, user.ban_reason = None, ""
    user.save(update_fields=["banned_at", "ban_reason"])
    return user
