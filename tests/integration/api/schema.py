"""Holds an answer against the OpenAPI description."""

from __future__ import annotations

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator


@cache
def described_api() -> dict[str, Any]:
    return SchemaGenerator().get_schema(public=True)


def assert_as_described(response: Any, method: str, path: str) -> Any:
    """`path` as in the description, e.g. "/api/v1/live/{room_id}". Returns the answer's data."""
    api = described_api()
    operation = api["paths"][path][method]
    described = operation["responses"].get(str(response.status_code))
    assert described, f"{method} {path} does not describe {response.status_code}"
    schema = described["content"]["application/json"]["schema"]
    body = response.json()
    validator = Draft202012Validator(
        {**schema, "components": api["components"]},
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )
    problems = [f"{e.json_path}: {e.message}" for e in validator.iter_errors(body)]
    assert not problems, problems
    return body.get("data")
