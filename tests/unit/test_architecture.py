"""The arrows of docs/architecture.md: no room imports a higher one; pure modules do no I/O."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = (
    *("embedded_sfu", "sfu_relay", "live", "microvibe", "launcher"),
    *("ingest", "playback", "recording", "worker", "bridge", "push"),
)

# Jobs and callbacks write by way of actions, and know no browser.
NOT_FOR_JOBS = ("live.api", "live.pages", "live.signalling", "live.media", "grpc", "aiortc")

NOT_FOR_BRIDGES = ("live.api", "live.pages", "live.signalling", "live.media")

# Package or module → what nothing in it may import.
FORBIDDEN = {
    "embedded_sfu": ("django", "channels", "live", "microvibe", "sfu_relay", "launcher"),
    "sfu_relay": ("django", "channels", "live", "microvibe", "embedded_sfu", "launcher"),
    "live": (
        *("embedded_sfu", "launcher", "aiortc", "pylibsrtp"),
        *("ingest", "recording", "worker", "playback", "bridge", "push"),
    ),
    "bridge": ("recording", "embedded_sfu", "launcher", "microvibe", "push", *NOT_FOR_BRIDGES),
    **dict.fromkeys(
        ("bridge.plan", "bridge.plan_terms", "bridge.slots", "bridge.wishes"),
        ("django", "live", "sfu_relay", "aiortc", "av"),
    ),
    "bridge.child": ("django", "channels", "live", "ingest", "worker"),
    "bridge.webrtc": ("django", "channels", "live", "ingest", "worker", "bridge.rtmp"),
    "bridge.rtmp": ("django", "channels", "live", "ingest", "worker", "bridge.webrtc", "aiortc"),
    "push": (
        *("django", "channels", "live", "microvibe", "sfu_relay", "embedded_sfu", "launcher"),
        *("ingest", "recording", "worker"),
    ),
    "ingest": ("recording", "sfu_relay", "embedded_sfu", "launcher", "microvibe", *NOT_FOR_JOBS),
    "ingest.nginx": ("django", "channels", "live", "ingest", "worker"),
    "recording": ("ingest", "sfu_relay", "embedded_sfu", "launcher", "microvibe", *NOT_FOR_JOBS),
    "playback": (
        *("django", "channels", "live", "microvibe", "sfu_relay", "embedded_sfu", "launcher"),
        *("ingest", "recording", "worker"),
    ),
    "worker": ("live", "sfu_relay", "embedded_sfu", "launcher", "playback"),
    "launcher": (
        *("live.signalling", "live.media", "live.api", "sfu_relay", "embedded_sfu"),
        *("recording", "worker", "playback", "ingest"),
    ),
    "live.models": ("live.actions", "live.access", "live.api", "live.pages", "live.signalling"),
    "live.actions": ("live.api", "live.pages", "live.signalling", "live.media", "sfu_relay"),
    "live.access": ("live.actions", "live.api", "live.pages", "live.signalling", "live.media"),
    "live.views_of": ("live.actions", "live.api", "live.pages", "live.signalling", "live.media"),
    "live.events": ("live.models", "live.actions", "live.api", "live.signalling", "live.media"),
    "live.media": ("live.signalling", "live.api", "live.pages", "live.process", "grpc"),
    "live.signalling": ("live.api", "live.pages", "grpc", "sfu_relay.relay", "sfu_relay.session"),
    "live.housekeeper": ("live.signalling", "live.api", "live.pages", "sfu_relay"),
    "live.pages": ("sfu_relay", "grpc", "live.api"),
    "live.admin": ("sfu_relay", "grpc", "live.api"),
}
# The service's description is common to both of its ends.
EXCEPT = {
    "embedded_sfu": ("sfu_relay.proto",),
    "live": ("playback.tokens", "push.tokens"),  # who may play is decided where rooms are; pure
    "launcher": ("ingest.nginx",),
    # nginx's recorder is started by its control page, and anew for whoever its stat page names.
    "recording": ("ingest.control", "ingest.stat"),
}
# Only the codec and what stands below it may know protobuf.
PROTOBUF_USERS = {
    "sfu_relay.codec",
    "sfu_relay.client",
    "sfu_relay.nodes",
    "sfu_relay.peer",
    "sfu_relay.proto",
}

# Sans-I/O: values in, values out.
PURE = (
    "live.lifecycle",
    "live.guest_states",
    "live.layouts",
    "live.ladder",
    "live.encoder_table",
    "live.obs_profile",
    "live.reports",
    "live.text",
    "live.signalling.codes",
    "live.signalling.schema",
    "live.signalling.limits",
    "live.signalling.outgoing",
    "ingest.admission",
    "ingest.doctor",
    "ingest.figures",
    "ingest.hooks",
    "ingest.reconcile",
    "ingest.stat",
    "ingest.viewers",
    "live.media.stats",
    "live.media.candidates",
    "live.whip.links",
    "live.whip.sdpfrag",
    "live.whip.tracks",
    "sfu_relay.events",
    "sfu_relay.messages",
    "sfu_relay.session",
    "sfu_relay.publisher_offers",
    "sfu_relay.subscriber_offers",
    "sfu_relay.layer_wishes",
    "sfu_relay.trickle",
    "sfu_relay.stream_end",
    "sfu_relay.guard",
    "sfu_relay.sdp",
    "sfu_relay.sdp_lines",
    "sfu_relay.sdp_parse",
    "sfu_relay.sdp_text",
    "sfu_relay.candidates",
    "sfu_relay.placement",
    "sfu_relay.tracks",
    "sfu_relay.config",
    "embedded_sfu.layers",
    "embedded_sfu.viewer_offer",
    "embedded_sfu.sdp",
    "embedded_sfu.sdp_build",
    "embedded_sfu.sdp_parse",
    "embedded_sfu.wire",
    "bridge.plan",
    "bridge.plan_terms",
    "bridge.slots",
    "bridge.wishes",
    "bridge.canvas",
    "bridge.video_tags",
    "bridge.rtmp.backlog",
    "bridge.rtmp.publisher",
    "bridge.rtmp.target",
    "bridge.webrtc.answer",
    "bridge.webrtc.rtp_buffer",
    "bridge.webrtc.rtp_clock",
    "bridge.webrtc.rtp_codecs",
    "bridge.webrtc.rtp_frames",
    "bridge.webrtc.rtp_packet",
    "bridge.child.spec",
    "recording.decide",
    "recording.flv",
    "recording.pieces",
    "recording.retention",
    "playback.flv",
    "playback.gop",
    "playback.headers",
    "playback.http_head",
    "playback.inspect",
    "playback.rtmp.amf0",
    "playback.rtmp.chunks",
    "playback.rtmp.client",
    "playback.rtmp.player",
    "playback.source",
    "playback.sps",
    "playback.timeline",
    "playback.tokens",
    "playback.wishes",
    "push.delay",
    "push.doors",
    "push.frames",
    "push.limits",
    "push.tokens",
)
IO = (
    *(
        "asyncio",
        "socket",
        "ssl",
        "selectors",
        "threading",
        "subprocess",
        "requests",
        "urllib.request",
    ),
    *("grpc", "django", "channels", "twisted", "daphne", "redis", "OpenSSL", "pylibsrtp"),
)


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules() -> dict[str, Path]:
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            found[module_name(path)] = path
    return found


MODULES = modules()


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, also late ones; not those for type checkers alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module_name(path).split(".")
            if path.name != "__init__.py":
                package = package[:-1]
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            source = ".".join(part for part in (base, node.module or "") if part)
            yield source
            yield from (f"{source}.{name.name}" for name in node.names)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def broken(name: str, forbidden: tuple[str, ...], allowed: tuple[str, ...] = ()) -> list[str]:
    return sorted(
        f"{name} imports {found}"
        for found in imports(MODULES[name])
        if any(within(found, each) for each in forbidden)
        and not any(within(found, each) for each in allowed)
    )


@pytest.mark.parametrize("package", sorted(FORBIDDEN))
def test_no_lower_room_imports_a_higher_one(package: str) -> None:
    inside = [name for name in MODULES if within(name, package)]
    if not inside and package in ("live.pages", "live.admin"):
        pytest.skip(f"{package} is not there")
    assert inside, f"{package} is not there: mend the table"
    rules = FORBIDDEN[package], EXCEPT.get(package, ())
    assert [line for name in inside for line in broken(name, *rules)] == []


@pytest.mark.parametrize("pure", PURE)
def test_pure_modules_do_no_io(pure: str) -> None:
    inside = [name for name in MODULES if within(name, pure)]
    assert inside, f"{pure} is not there: mend the table"
    assert [line for name in inside for line in broken(name, IO)] == []


def test_protobuf_is_known_to_the_codec_only() -> None:
    proto = ("google.protobuf", "sfu_relay.proto")
    others = [
        name
        for name in MODULES
        if within(name, "sfu_relay") and not any(within(name, user) for user in PROTOBUF_USERS)
    ]
    assert [line for name in others for line in broken(name, proto)] == []


def test_writers_are_actions_only() -> None:
    """.save(), .create() and friends on models: in actions, and where Django itself wants them."""
    allowed = ("live.actions", "live.migrations", "live.management", "live.admin", "live.models")
    writes = {"bulk_create", "bulk_update", "get_or_create", "update_or_create"}
    found = []
    for name, path in MODULES.items():
        rooms = ("live", "ingest", "recording", "worker")
        if not any(within(name, room) for room in rooms) or any(
            within(name, each) for each in allowed
        ):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            on_manager = "objects" in ast.unparse(node.func.value)
            if node.func.attr in writes or (on_manager and node.func.attr in ("create", "delete")):
                found.append(f"{name}:{node.lineno} {node.func.attr}")
    assert found == []
