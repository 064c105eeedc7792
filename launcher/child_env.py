"""The environment of the processes: what was given, what follows from it, and what each needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from launcher.config import Config, ConfigError


def child_environment(config: Config, env: Mapping[str, str]) -> dict[str, str]:
    """The environment of app, worker and SFU: what was given, and what follows from it."""
    hosts = ["localhost", "127.0.0.1", "[::1]"]
    if config.host not in {*hosts, "::", "::1"}:
        hosts.append(config.host)
    if config.on_all_addresses:
        hosts += config.lan_addresses
    # A name that was set for pages is good for OBS as well.
    named = urlsplit(env.get("PUBLIC_URL", "")).hostname
    rtmp_server = f"rtmp://{named}:{config.rtmp_port}/live" if named else config.rtmp_server
    origins = [f"{config.scheme}://{host}:{config.port}" for host in hosts]
    derived = {
        "HOST": config.host,
        "PORT": str(config.port),
        "DATA_DIR": str(config.data_dir),
        "PUBLIC_URL": f"{config.scheme}://{config.public_host}:{config.port}",
        "ALLOWED_HOSTS": ",".join(hosts),
        "CSRF_TRUSTED_ORIGINS": ",".join(origins),
        "SFU_GRPC_PORT": str(config.sfu_grpc_port),
        "SFU_UDP_PORT": str(config.sfu_udp_port),
        "RTMP_SERVER": rtmp_server,
        "APP_PORT": str(config.app_port),
        "FLV_PORT": str(config.flv_port),
        "PUSH_PORT": str(config.push_port),
        "RTMP_PORT": str(config.rtmp_port),
        "RTMP_OUT_PORT": str(config.rtmp_out_port),
        "RTMP_CONTROL_PORT": str(config.rtmp_control_port),
        "RTMP_ENABLED": str(config.behind_front).lower(),
        "BEHIND_FRONT": str(config.behind_front).lower(),
    }
    given = {name: value for name, value in env.items() if value != "" or name not in derived}
    # These were resolved; the rest may be overruled by whoever knows better.
    resolved = ("HOST", "PORT", "DATA_DIR", "APP_PORT", "RTMP_ENABLED", "BEHIND_FRONT")
    fixed = {name: derived[name] for name in resolved}
    if config.behind_front:
        # Our nginx is one more, and the only one that may add to X-Forwarded-For.
        fixed["API_NUM_PROXIES"] = str(proxies_in_front(env) + 1)
    return {"DJANGO_SETTINGS_MODULE": "microvibe.settings", **derived, **given, **fixed}


def proxies_in_front(env: Mapping[str, str]) -> int:
    """Proxies of others between browsers and us."""
    text = env.get("API_NUM_PROXIES") or "0"
    if not text.isdecimal() or len(text) > 2:
        raise ConfigError(f"API_NUM_PROXIES must be a small number, not {text[:20]!r}.")
    return int(text)


# What a process without Django gets: it has no use for keys that open sessions or stream keys.
COMMON_VARIABLES = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "VIRTUAL_ENV", "PYTHONPATH"),
    *("LOG_LEVEL", "DATA_DIR", "READ_DOT_ENV"),
)
PLAYBACK_VARIABLES = (
    *COMMON_VARIABLES,
    *("FLV_PORT", "RTMP_OUT_PORT", "PLAY_TOKEN_SECRET", "PLAYBACK_CORS_ORIGINS", "FLV_MAX_VIEWERS"),
)
# The gateway makes stream names with the secret, and asks whose pages come.
PUSH_VARIABLES = (
    *COMMON_VARIABLES,
    *("HOST", "PUSH_PORT", "RTMP_PORT", "INGEST_SECRET", "PUBLIC_URL", "CSRF_TRUSTED_ORIGINS"),
)


def only(env: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    return {name: env[name] for name in names if name in env}
