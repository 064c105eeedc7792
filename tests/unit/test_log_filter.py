"""What a log shows of addresses that are secrets."""

from __future__ import annotations

import io
import logging
import logging.config

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils.log import log_response


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/guest/s3cret-token", "/guest/…"),
        ("/whip/room_a/sess_a.12345678.s3cret", "/whip/room_a/…"),
        ("/whep/room_a/sess_a.12345678.s3cret", "/whep/room_a/…"),
        ("/whip/room_a", "/whip/room_a"),
        ("/api/v1/guests/join", "/api/v1/guests/join"),
    ],
)
def test_the_path_of_a_failed_request(path: str, shown: str) -> None:
    config = settings.LOGGING
    handler = logging.StreamHandler(io.StringIO())
    configured = logging.config.DictConfigurator(config)  # type: ignore[attr-defined]
    for name in config["handlers"]["console"]["filters"]:
        handler.addFilter(configured.configure_filter(dict(config["filters"][name])))
    logger = logging.getLogger("django.request")
    logger.addHandler(handler)
    try:
        request = RequestFactory().get(path)
        response = HttpResponse(status=503)
        log_response("%s: %s", response.reason_phrase, path, response=response, request=request)
    finally:
        logger.removeHandler(handler)
    said = handler.stream.getvalue()
    assert "s3cret" not in said
    assert said.strip().endswith(shown)
