"""What all views of the API share."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from live.api.serializers import PageQuery


def checked(serializer: type[BaseSerializer[Any]], data: Any) -> dict[str, Any]:
    """What was sent, checked. Raises ValidationError, which becomes `invalid`."""
    bound = serializer(data=data)
    bound.is_valid(raise_exception=True)
    values: dict[str, Any] = bound.validated_data
    return values


def paged(request: Request, rows: QuerySet[Any]) -> tuple[list[Any], dict[str, int]]:
    """One page of rows, and its place: {"page", "page_size", "total"}."""
    place = checked(PageQuery, request.query_params)
    first = (place["page"] - 1) * place["page_size"]
    page = list(rows[first : first + place["page_size"]])
    return page, {**place, "total": rows.count()}


class ApiView(APIView):
    # No docstring: the description would show it for every endpoint.
    permission_classes = ()  # rights are live.access's business: all edges have the same
