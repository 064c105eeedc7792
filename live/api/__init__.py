"""REST: the envelope, the errors, the views, the OpenAPI description."""
