"""The processes of one run: their commands, and as little of the environment as each needs."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from ingest.nginx import Nginx, command
from launcher.child_env import COMMON_VARIABLES, PLAYBACK_VARIABLES, PUSH_VARIABLES, only
from launcher.config import Config
from launcher.supervise import Child


def children_of(config: Config, env: Mapping[str, str], nginx: Nginx | None) -> list[Child]:
    """`nginx`: given where we start it: it stands in front and brings RTMP."""
    python = sys.executable
    children = []
    if config.own_sfu:
        children.append(Child("sfu", (python, "-m", "embedded_sfu"), env))
    children.append(Child("app", daphne(config), env))
    children.append(Child("worker", (python, "-m", "worker"), env))
    if config.behind_front:
        playback = (python, "-m", "playback")
        children.append(Child("playback", playback, only(env, PLAYBACK_VARIABLES)))
    if config.takes_pushes:
        children.append(Child("push", (python, "-m", "push"), only(env, PUSH_VARIABLES)))
    if nginx is not None:
        told = ("app", "push") if config.takes_pushes else ("app",)
        secrets = tuple(env[name] for name in ("INGEST_SECRET", "PLAY_TOKEN_SECRET"))
        for name, after in (("rtmp", ()), ("front", told)):
            children.append(
                Child(
                    name,
                    command(nginx, config.run_dir / f"{name}.conf"),
                    only(env, COMMON_VARIABLES),
                    whole_group=True,
                    stops_after=after,
                    secrets=secrets,
                )
            )
    return children


def daphne(config: Config) -> tuple[str, ...]:
    listen: tuple[str, ...] = ("-b", config.host, "-p", str(config.port))
    if config.behind_front:
        listen = ("-b", "127.0.0.1", "-p", str(config.app_port), "--proxy-headers")
    elif config.tls:
        escaped = str(config.data_dir / "tls").replace("\\", "\\\\").replace(":", "\\:")
        listen = (
            "-e",
            f"ssl:{config.port}:interface={config.host.replace(':', chr(92) + ':')}"
            f":privateKey={escaped}/private_key.pem:certKey={escaped}/certificate.pem",
        )
    return (
        *(sys.executable, "-m", "daphne", *listen),
        # No access log: the URL of a WebSocket may hold a token.
        *("--verbosity", "0"),
        # Home routers forget idle connections after 30 s and more.
        *("--ping-interval", "20", "--ping-timeout", "30"),
        # Never end a WebSocket for its age: a show may last longer than Daphne's 24 h.
        *("--websocket_timeout", "-1"),
        *("--application-close-timeout", "3"),
        *("--server-name", "MicroVibe"),
        "microvibe.asgi:application",
    )
