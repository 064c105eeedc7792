"""The only writers. Synchronous; each is one transaction, what it tells goes out on commit."""

from live.actions.air import (
    do_end_broadcast,
    do_expire_grace,
    do_media_started,
    do_publisher_back,
    do_publisher_lost,
    do_start_broadcast,
)
from live.actions.demo import do_make_demo_accounts
from live.actions.people import (
    do_ban_room,
    do_ban_user,
    do_set_language,
    do_sign_up,
    do_unban_room,
    do_unban_user,
)
from live.actions.presence import (
    do_close_stale_presence,
    do_join_presence,
    do_leave_presence,
    do_set_rung,
    do_touch_presence,
)
from live.actions.rooms import (
    do_allow_publisher,
    do_create_room,
    do_disallow_publisher,
    do_rotate_key,
    do_update_room,
)
from live.actions.sessions import (
    do_close_session,
    do_close_stale_sessions,
    do_open_session,
    do_report_session,
    do_session_connected,
    do_session_lost,
    do_touch_sessions,
)
from live.actions.talk import do_delete_chat, do_like, do_send_chat, do_send_gift

__all__ = [
    "do_allow_publisher",
    "do_ban_room",
    "do_ban_user",
    "do_close_session",
    "do_close_stale_presence",
    "do_close_stale_sessions",
    "do_create_room",
    "do_delete_chat",
    "do_disallow_publisher",
    "do_end_broadcast",
    "do_expire_grace",
    "do_join_presence",
    "do_leave_presence",
    "do_like",
    "do_make_demo_accounts",
    "do_media_started",
    "do_open_session",
    "do_publisher_back",
    "do_publisher_lost",
    "do_report_session",
    "do_rotate_key",
    "do_send_chat",
    "do_send_gift",
    "do_session_connected",
    "do_session_lost",
    "do_set_language",
    "do_set_rung",
    "do_sign_up",
    "do_start_broadcast",
    "do_touch_presence",
    "do_touch_sessions",
    "do_unban_room",
    "do_unban_user",
    "do_update_room",
]
