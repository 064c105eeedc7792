"""Chat, hearts, gifts, presence: what everybody in a room sees."""

from __future__ import annotations

from live import actions
from live.models import ChatMessage, Participant, Room
from tests.integration.signalling.conftest import House, db


async def test_chat_reaches_all_and_whoever_comes_later(house: House) -> None:
    owner = await house.connect("publisher", house.owner)
    guest = await house.connect()
    await owner.send("chat", {"text": "  hello\x07 there "})
    for browser in (owner, guest):
        line = (await browser.hears("chat"))["payload"]
        assert (line["text"], line["by_owner"]) == ("hello there", True)
        assert line["user"] == {"id": house.owner.pk, "name": "Mei"}
    late = await house.connect()
    assert [line["text"] for line in late.welcome["history"]] == ["hello there"]


async def test_only_the_last_fifty_lines_are_history(house: House) -> None:
    def talk() -> None:
        for number in range(60):
            actions.do_send_chat(house.room, house.owner, f"line {number}")

    await db(talk)()
    history = (await house.connect()).welcome["history"]
    assert [line["text"] for line in history] == [f"line {n}" for n in range(10, 60)]


async def test_a_line_taken_back_goes_everywhere(house: House) -> None:
    guest = await house.connect()
    sent = await db(actions.do_send_chat)(house.room, house.owner, "oops")
    await guest.hears("chat", text="oops")
    message = await db(ChatMessage.objects.select_related("room").get)(pk=sent.pk)
    await db(actions.do_delete_chat)(message, house.owner)
    assert (await guest.hears("chat_deleted"))["payload"] == {"id": sent.pk}


async def test_hearts_come_together(house: House) -> None:
    one, other = await house.connect(), await house.connect()
    for _ in range(4):
        await one.send("like", {"count": 5})
    await other.send("like", {})
    heard = (await other.hears("like"))["payload"]
    while heard["total"] < 21:
        heard = (await other.hears("like", again=True))["payload"]
    likes = [m["payload"] for m in other.heard if m["type"] == "like"]
    assert sum(m["count"] for m in likes) == 21 == likes[-1]["total"]
    assert len(likes) <= 2, "hearts of half a second are one message"
    assert (await db(Room.objects.get)(pk=house.room.pk)).likes_total == 21


async def test_a_gift_is_shown_to_all(house: House) -> None:
    publisher, _ = await house.publishing()
    fan, guest = await house.connect(user=house.stranger), await house.connect()
    await fan.send("gift", {"gift": "rose", "count": 3})
    for browser in (publisher, fan, guest):
        gift = (await browser.hears("gift"))["payload"]
        assert (gift["gift"], gift["count"], gift["emoji"]) == ("rose", 3, "🌹")


async def test_presence_and_who_came_and_went(house: House) -> None:
    publisher = await house.connect("publisher", house.owner)
    fan = await house.connect(user=house.stranger)
    joined = (await publisher.hears("user_joined"))["payload"]
    assert joined["participant_id"] == fan.welcome["participant_id"]
    assert joined["user"] == {"id": house.stranger.pk, "name": "stranger"}
    await house.connect()
    await publisher.hears("presence", viewers=2)
    await fan.leave()
    assert (await publisher.hears("user_left"))["payload"] == joined
    await publisher.hears("presence", viewers=1)
    guests = [m for m in publisher.heard if m["type"] == "user_joined"]
    assert len(guests) == 1, "guests are counted, not announced"


async def test_presence_is_told_at_most_once_a_second(house: House) -> None:
    publisher = await house.connect("publisher", house.owner)
    for _ in range(8):
        await house.connect()
    await publisher.hears("presence", viewers=8)
    told = [m["payload"]["viewers"] for m in publisher.heard if m["type"] == "presence"]
    assert len(told) < 8


async def test_a_change_made_without_any_event_arrives(house: House) -> None:
    """As by manage.py in a process that shares no channel layer with this one."""
    viewer = await house.connect()
    await db(Room.objects.filter(pk=house.room.pk).update)(title="renamed")
    assert (await viewer.hears("room", title="renamed"))["payload"]["state"] == "idle"
    await db(Room.objects.filter(pk=house.room.pk).update)(streaming_mode="rtmp")
    ladder = (await viewer.hears("playback"))["payload"]
    assert ladder["rungs"][0]["reason"] == "mode_rtmp"


async def test_a_room_that_is_deleted_closes(house: House) -> None:
    viewer = await house.connect()
    await db(house.room.delete)()
    assert await viewer.is_closed() == 4404


async def test_who_left_is_not_counted(house: House) -> None:
    fan = await house.connect(user=house.stranger)
    await fan.leave()
    await house.process.media.journal.flush()
    row = await db(Participant.objects.get)(participant_id=fan.welcome["participant_id"])
    assert row.left_at is not None
