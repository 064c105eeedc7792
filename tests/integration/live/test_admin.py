"""What staff sees and does in the admin."""

from __future__ import annotations

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from live import actions
from live.actions.guests import do_move_guest
from live.actions.invites import do_make_invite
from live.guest_states import GuestVerb
from live.models import ChatMessage, Room, User
from tests.integration.live.make import make_live, make_room


@pytest.fixture
def admin(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def run(admin: Client, model: str, action: str, *rows: object) -> str:
    """The page after the action."""
    url = reverse(f"admin:live_{model}_changelist")
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    response = admin.post(url, data, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def messages_on(page: str) -> list[tuple[str, str]]:
    return re.findall(r'<li class="(success|error)">(.*?)</li>', page, re.S)


def test_the_index_shows_what_is_on_air(admin, owner, room):
    assert "Nobody is on air" in admin.get("/admin/").content.decode()
    make_live(room)
    actions.do_join_presence(room, None, "subscriber", "p1")
    page = admin.get("/admin/").content.decode()
    assert "Live now" in page
    assert f'href="/live/{room.room_id}"' in page
    assert re.search(r"mv-live.*?<td>1</td>\s*<td>Mei</td>", page, re.S)


def test_rooms_are_listed_searched_and_filtered(admin, owner, room, django_assert_max_num_queries):
    live = make_live(make_room(owner, "Morning show"))
    url = "/admin/live/room/"
    page = admin.get(url).content.decode()
    assert "A room" in page
    assert "Morning show" in page
    for query in (
        "q=morning",
        f"q={live.room_id}",
        "on_air=yes",
        "state__exact=live",
        "q=mei+show",
    ):
        found = admin.get(f"{url}?{query}").context["cl"].result_list
        assert [room.title for room in found] == ["Morning show"], query
    assert len(admin.get(f"{url}?on_air=no").context["cl"].result_list) == 1
    for number in range(10):
        make_room(owner, str(number))
    with django_assert_max_num_queries(12):
        admin.get(url)


def test_end_ban_unban(admin, room):
    make_live(room)
    idle = make_room(room.owner, "idle")
    page = run(admin, "room", "end_broadcast", room, idle)
    assert [kind for kind, _ in messages_on(page)] == ["error", "success"]
    room.refresh_from_db()
    assert (room.state, room.ended_reason) == ("ended", "by_staff")
    assert messages_on(run(admin, "room", "ban", room))[0][0] == "success"
    room.refresh_from_db()
    assert room.state == "banned"
    run(admin, "room", "unban", room)
    room.refresh_from_db()
    assert room.state == "idle"
    noted = [entry.change_message for entry in LogEntry.objects.order_by("pk")]
    assert noted == ["Broadcast ended", "Room banned", "Room unbanned"]


def change(admin: Client, room: Room, **fields: str):
    form = {
        "title": room.title,
        "description": "",
        "visibility": room.visibility,
        "streaming_mode": room.streaming_mode,
        "push_protocol": room.push_protocol,
        "stream_type": room.stream_type,
        "layout": room.layout,
        **{
            f"publishers-{name}": "0"
            for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")
        },
        **fields,
    }
    return admin.post(f"/admin/live/room/{room.pk}/change/", form)


def test_changing_a_room(admin, room):
    assert change(admin, room, title="Better", visibility="unlisted").status_code == 302
    room.refresh_from_db()
    assert (room.title, room.visibility) == ("Better", "unlisted")
    response = change(admin, room, streaming_mode="rtmp", push_protocol="webrtc")
    assert response.status_code == 200
    assert "push_protocol" in response.context["adminform"].form.errors
    make_live(room)
    assert change(admin, room, title="Best", streaming_mode="rtmp").status_code == 302
    room.refresh_from_db()
    assert (room.title, room.streaming_mode) == ("Best", "hybrid")


def test_people_are_banned_and_unbanned(admin, staff, owner, room):
    make_live(room)
    page = run(admin, "user", "ban", owner, staff)
    assert sorted(kind for kind, _ in messages_on(page)) == ["error", "success"]
    owner.refresh_from_db()
    staff.refresh_from_db()
    assert (owner.is_banned, staff.is_banned) == (True, False)
    assert Room.objects.get().state == "ended"
    found = admin.get("/admin/live/user/?banned_at__isempty=0").context["cl"].result_list
    assert list(found) == [owner]
    run(admin, "user", "unban", owner)
    owner.refresh_from_db()
    assert not owner.is_banned


def test_chat_is_hidden_not_removed(admin, owner, room):
    message = actions.do_send_chat(room, owner, "rude words")
    run(admin, "chatmessage", "delete_messages", message)
    assert ChatMessage.objects.get().deleted_at is not None


@pytest.mark.parametrize("model", ["broadcast", "sfusession", "chatmessage", "giftsent"])
def test_history_is_read_only(admin, owner, room, model):
    make_live(room)
    actions.do_report_session(f"sess_{room.room_id}", {"video_bitrate": 1e6, "packet_loss": 0.02})
    actions.do_send_chat(room, owner, "hello")
    actions.do_send_gift(room, owner, "rose")
    changelist = admin.get(f"/admin/live/{model}/")
    row = changelist.context["cl"].result_list[0]
    assert admin.get(f"/admin/live/{model}/add/").status_code == 403
    assert admin.post(f"/admin/live/{model}/{row.pk}/delete/").status_code == 403
    assert admin.post(f"/admin/live/{model}/{row.pk}/change/", {}).status_code == 403
    assert admin.get(f"/admin/live/{model}/?q=mei").status_code == 200
    assert "delete_selected" not in changelist.content.decode()


def test_staff_with_few_rights_has_no_actions(owner, room, staff):
    User.objects.filter(pk=staff.pk).update(is_superuser=False)
    helper = Client()
    helper.force_login(staff)
    assert helper.get("/admin/").status_code == 200
    assert helper.get("/admin/live/room/").status_code == 403
    data = {"action": "ban", "_selected_action": [room.pk]}
    assert helper.post("/admin/live/room/", data).status_code == 403
    room.refresh_from_db()
    assert room.state == "idle"


def test_banned_staff_stays_outside(admin, staff, owner):
    assert admin.get("/admin/").status_code == 200
    actions.do_ban_user(staff)
    assert admin.get("/admin/").status_code == 302


def test_its_pages_hold_a_strict_policy(admin, room):
    make_live(room)
    for url in ("/admin/", "/admin/live/room/", f"/admin/live/room/{room.pk}/change/"):
        response = admin.get(url)
        page = response.content.decode()
        assert "MicroVibe" in page
        assert not re.search(r"<style|\sstyle=|\son(click|load|change|submit)=", page), url
        scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page, re.S)
        assert scripts
        for attributes, text in scripts:
            assert "src=" in attributes or "application/json" in attributes or not text.strip()


def test_guests_are_shown_and_removed_links_revoked_and_never_shown(
    admin, owner, room, stranger, django_assert_max_num_queries
):
    make_live(room)
    link, token = do_make_invite(room, owner)
    for verb in ("join", "admit"):
        guest = do_move_guest(room, stranger, GuestVerb(verb))
    with django_assert_max_num_queries(10):
        page = admin.get(reverse("admin:live_guest_changelist")).content.decode()
    assert "mv-on_stage" in page and "stranger" in page
    assert messages_on(run(admin, "guest", "remove", guest)) == [("success", "Guest removed: 1.")]
    guest.refresh_from_db()
    assert guest.state == "removed"
    for address in ("changelist", "change"):
        args = [link.pk] if address == "change" else []
        shown = admin.get(reverse(f"admin:live_roominvite_{address}", args=args)).content.decode()
        for secret in (token, link.lookup_hash, link.ciphertext):
            assert secret not in shown
    assert messages_on(run(admin, "roominvite", "revoke", link)) == [
        ("success", "Link revoked: 1.")
    ]
    link.refresh_from_db()
    assert link.revoked_at is not None
    assert "Revoked" in admin.get(reverse("admin:live_roominvite_changelist")).content.decode()
