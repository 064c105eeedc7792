"""How an endpoint is described in OpenAPI: enveloped, with examples and the errors it may give."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
    inline_serializer,
)
from rest_framework import serializers

from live.api.codes import status_of
from live.refusals import WORDS

ALWAYS = ("rate_limited",)


class ErrorShape(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="A stable word, for programs.")
    message = serializers.CharField(help_text="Plain words, for people.")
    data = serializers.DictField(  # type: ignore[assignment]  # a field's name, not the property
        help_text="More about it; often empty."
    )


@extend_schema_field({"type": "null"})
class NullField(serializers.Field[None, None, None, None]):
    """Nothing to say."""


def enveloped(name: str, data: Any) -> serializers.Serializer[Any]:
    """{"code": 0, "message": "success", "data": …}; data: a serializer instance or None."""
    if data is None:
        data = NullField()
    return inline_serializer(
        name=f"{name}Answer",
        fields={
            "code": serializers.IntegerField(min_value=0, max_value=0),
            "message": serializers.CharField(),
            "data": data,
        },
    )


def described(
    name: str,
    summary: str,
    *,
    tag: str,
    answer: Any = None,
    example: Any = None,
    status: int = 200,
    request: Any = None,
    request_example: Any = None,
    errors: Iterable[str] = (),
    guests: bool = False,
    **more: Any,
) -> Callable[[Any], Any]:
    """For a view's method. answer: a serializer instance; guests: no sign-in needed."""
    examples = [
        OpenApiExample(
            "success",
            value={"code": 0, "message": "success", "data": example},
            response_only=True,
            status_codes=[str(status)],
        )
    ]
    if request is not None:
        examples.append(OpenApiExample("request", value=request_example, request_only=True))
    responses: dict[Any, Any] = {status: OpenApiResponse(enveloped(name, answer), summary)}
    codes = {*errors, *ALWAYS} | (set() if guests else {"unauthenticated", "banned"})
    for error_status, group in groupby(sorted(codes, key=status_of), status_of):
        same = sorted(group)
        responses[error_status] = OpenApiResponse(ErrorShape(), ", ".join(same))
        examples += [_error_example(code, error_status) for code in same]
    return extend_schema(
        operation_id=name[0].lower() + name[1:],
        summary=summary,
        tags=[tag],
        request=request,
        responses=responses,
        examples=examples,
        **({"auth": [{}, {"token": []}, {"cookie": []}]} if guests else {}) | more,
    )


def _error_example(code: str, status: int) -> OpenApiExample:
    data = {"retry_in_ms": 800} if code == "rate_limited" else {}
    if code == "invalid":
        data = {"fields": {"title": ["This field is required."]}}  # type: ignore[dict-item]
    return OpenApiExample(
        code,
        value={"code": code, "message": str(WORDS.get(code, "…")), "data": data},
        response_only=True,
        status_codes=[str(status)],
    )
