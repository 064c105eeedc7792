"""Under `/ingest/`: the callbacks of nginx. Reached by ingest.gate only."""

from django.urls import path

from ingest import callbacks

urlpatterns = [
    path("publish", callbacks.publish),
    path("publish-done", callbacks.publish_done),
    path("record-done", callbacks.record_done),
]
