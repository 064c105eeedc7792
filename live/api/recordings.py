"""Recordings over REST: list, read, change, delete, and what was said in them."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from live import access_recordings, actions, recordings_of
from live.api import recording_shapes as shapes
from live.api.auth import person
from live.api.base import ApiView, checked, paged
from live.api.describe import described
from live.api.envelope import ok
from live.api.serializers import PageQuery
from live.models import Recording


def _answer(recording: Recording) -> Response:
    return ok(recordings_of.recording_shape(recording))


class RoomRecordingsView(ApiView):
    @described(
        "RecordingList",
        "Recordings of a room, newest first: for its owner and staff all, for others the public "
        "ones that are ready",
        tag="recordings",
        parameters=[PageQuery],
        answer=shapes.RecordingPage(),
        example=shapes.RECORDING_PAGE,
        errors=("invalid", "room_not_found", "banned"),
        guests=True,
    )
    def get(self, request: Request, room_id: str) -> Response:
        found = access_recordings.recordings_of_room(person(request), room_id)
        page, place = paged(request, found)
        return ok({"items": [recordings_of.recording_shape(one) for one in page], **place})


class RecordingView(ApiView):
    @described(
        "RecordingRead",
        "One recording",
        tag="recordings",
        answer=shapes.RecordingShape(),
        example=shapes.RECORDING,
        errors=("recording_not_found", "banned"),
        guests=True,
    )
    def get(self, request: Request, recording_id: str) -> Response:
        return _answer(access_recordings.access_recording(person(request), recording_id))

    @described(
        "RecordingUpdate",
        "Change title or visibility (the room's owner or staff)",
        tag="recordings",
        request=shapes.RecordingUpdateRequest,
        request_example={"title": "A better title", "visibility": "unlisted"},
        answer=shapes.RecordingShape(),
        example={**shapes.RECORDING, "title": "A better title", "visibility": "unlisted"},
        errors=("bad_json", "invalid", "recording_not_found", "forbidden", "recording_running"),
    )
    def patch(self, request: Request, recording_id: str) -> Response:
        found = access_recordings.access_recording_to_manage(person(request), recording_id)
        changes = checked(shapes.RecordingUpdateRequest, request.data)
        return _answer(actions.do_update_recording(found, **changes))

    @described(
        "RecordingDelete",
        "Delete a recording and its files (the room's owner or staff)",
        tag="recordings",
        errors=("recording_not_found", "forbidden", "recording_running"),
    )
    def delete(self, request: Request, recording_id: str) -> Response:
        found = access_recordings.access_recording_to_manage(person(request), recording_id)
        actions.do_delete_recording(found)
        return ok()


class RecordingChatView(ApiView):
    @described(
        "RecordingChat",
        "What was said and given, each with its place in the video",
        tag="recordings",
        parameters=[shapes.ChatQuery],
        answer=shapes.ChatPage(),
        example=shapes.CHAT_PAGE,
        errors=("invalid", "recording_not_found", "banned"),
        guests=True,
    )
    def get(self, request: Request, recording_id: str) -> Response:
        found = access_recordings.access_recording(person(request), recording_id)
        place = checked(shapes.ChatQuery, request.query_params)
        return ok(recordings_of.replay_chat(found, **place))
