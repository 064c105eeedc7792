"""Forms of the pages. They check what a person can correct; live.actions has the last word."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from live.errors import MicroVibeError
from live.models import StreamingMode, StreamType, User, Visibility
from live.refusals import WORDS


class SignInForm(AuthenticationForm):
    error_messages = {
        "invalid_login": _("That name and password do not go together. Check both; case matters."),
        "inactive": _("This account is closed."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("Username")
        self.fields["username"].widget.attrs |= {"autocapitalize": "none", "spellcheck": "false"}

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if isinstance(user, User) and user.is_banned:
            raise ValidationError(WORDS["banned"], code="banned")


class SignUpForm(forms.Form):
    username = forms.CharField(
        label=_("Username"),
        max_length=150,
        help_text=_("Letters, digits and @ . + - _. You sign in with it."),
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    display_name = forms.CharField(
        label=_("Name that others see"),
        max_length=50,
        required=False,
        help_text=_("Empty: your username."),
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=_("At least 8 characters, and not one that everybody uses."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class RadioForm(forms.Form):
    """A form whose choices are shown as radio cards, each with a hint."""

    # Value → (name, hint): the choices in a streamer's words, for the cards of the template.
    WORDS: dict[str, dict[str, tuple[Any, Any]]] = {}

    def choices_of(self, name: str) -> list[dict[str, Any]]:
        chosen = self[name].value()
        return [
            {"value": value, "name": words[0], "hint": words[1], "checked": str(chosen) == value}
            for value, words in self.WORDS[name].items()
        ]

    def radio_fields(self) -> list[dict[str, Any]]:
        return [{"field": self[name], "choices": self.choices_of(name)} for name in self.WORDS]


class RecordingForm(RadioForm):
    title = forms.CharField(
        label=_("Title"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    visibility = forms.ChoiceField(label=_("Who can watch"), choices=Visibility.choices)

    WORDS = {
        "visibility": {
            "public": (_("Everybody"), _("It is shown on the home page and under your room.")),
            "unlisted": (_("Whoever has the link"), _("It is shown nowhere.")),
            "private": (_("Only me"), _("You, and people you allow to publish.")),
        },
    }


class RoomForm(RadioForm):
    title = forms.CharField(
        label=_("Title"),
        max_length=100,
        help_text=_("What people see on the home page and above the chat."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    description = forms.CharField(
        label=_("Description"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    visibility = forms.ChoiceField(
        label=_("Who can watch"), choices=Visibility.choices, initial=Visibility.PUBLIC
    )
    stream_type = forms.ChoiceField(
        label=_("What you send"), choices=StreamType.choices, initial=StreamType.VIDEO_AUDIO
    )
    streaming_mode = forms.ChoiceField(
        label=_("Where you send it from"),
        choices=StreamingMode.choices,
        initial=StreamingMode.HYBRID,
    )
    record = forms.BooleanField(
        label=_("Keep a replay of every broadcast"),
        required=False,
        initial=True,
        help_text=_(
            "Of what OBS sends. Replays are kept on this server: find them on your dashboard, "
            "choose who sees each one, download or delete it."
        ),
    )

    WORDS = {
        "visibility": {
            "public": (_("Everybody"), _("It is shown on the home page while you are live.")),
            "unlisted": (_("Whoever has the link"), _("It is not shown on the home page.")),
            "private": (_("Only me"), _("You, and people you allow to publish. Good for a test.")),
        },
        "stream_type": {
            "video_audio": (_("Picture and sound"), _("Camera, screen, microphone.")),
            "audio": (_("Sound only"), _("Like radio. Saves data.")),
        },
        "streaming_mode": {
            "hybrid": (_("Browser or OBS"), _("Decide each time. If one fails, use the other.")),
            "webrtc": (_("Browser only"), _("Lowest delay, under half a second.")),
            "rtmp": (_("OBS only"), _("RTMP, for scenes and overlays.")),
        },
    }


def add_refusal(form: forms.Form, error: MicroVibeError) -> None:
    """Show what an action refused beside the field it is about, else above the form."""
    fields = error.data.get("fields")
    if isinstance(fields, dict) and fields:
        for name, why in fields.items():
            form.add_error(name if name in form.fields else None, why)
    elif error.code == "username_taken":
        form.add_error("username", error.message)
    else:
        form.add_error(None, error.message)
