"""What one run of MicroVibe is made of, read from the environment. Pure: values in, values out."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
TRUE_WORDS = {"1", "true", "yes", "on"}


class ConfigError(Exception):
    """A value of the environment can't be used; the text says which and what to do."""


@dataclass(frozen=True)
class Config:
    """Where this run listens and writes, and which parts it brings."""

    host: str
    port: int
    tls: bool
    data_dir: Path
    own_sfu: bool
    sfu_grpc_port: int
    sfu_udp_port: int
    lan_addresses: tuple[str, ...]
    named: str  # the first of ALLOWED_HOSTS, where it was set
    rtmp_wanted: bool
    has_nginx: bool
    own_nginx: bool  # somebody else runs it, with our configuration (deploy/README.md)
    app_port: int  # where the app itself listens; PORT where it stands alone
    flv_port: int
    rtmp_port: int
    rtmp_out_port: int
    rtmp_control_port: int
    push_port: int
    push_wanted: bool  # broadcasts by WebSocket, where RTMP is

    @property
    def scheme(self) -> str:
        return "https" if self.tls else "http"

    @property
    def behind_front(self) -> bool:
        """nginx takes PORT and hands to the app what is the app's; RTMP goes with it."""
        return self.rtmp_wanted and self.has_nginx

    @property
    def takes_pushes(self) -> bool:
        return self.behind_front and self.push_wanted

    @property
    def host_in_url(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host_in_url}:{self.port}/"

    @property
    def media_dir(self) -> Path:
        return self.data_dir / "media"

    @property
    def run_dir(self) -> Path:
        """Rendered configurations, pid files, sockets: of this run alone."""
        return self.data_dir / "run"

    @property
    def on_all_addresses(self) -> bool:
        return self.host in {"0.0.0.0", "::"}  # noqa: S104 (compared, not bound)

    @property
    def local_host(self) -> str:
        """A name under which this machine reaches the app."""
        return "localhost" if self.on_all_addresses else self.host

    @property
    def local_url(self) -> str:
        return f"{self.scheme}://{self.local_host}:{self.port}"

    @property
    def certificate(self) -> Path:
        return self.data_dir / "tls" / "certificate.pem"

    @property
    def private_key(self) -> Path:
        return self.data_dir / "tls" / "private_key.pem"

    @property
    def public_host(self) -> str:
        """A name or address under which others reach this machine, as far as they can."""
        return self.lan_addresses[0] if self.urls_on_network() else self.local_host

    @property
    def rtmp_server(self) -> str:
        """What a streamer types into OBS."""
        host = f"[{self.public_host}]" if ":" in self.public_host else self.public_host
        return f"rtmp://{host}:{self.rtmp_port}/live"

    @property
    def starts_nginx(self) -> bool:
        return self.behind_front and not self.own_nginx

    def ports(self) -> dict[str, int]:
        """TCP ports of this run by the names of their settings."""
        found = {"PORT": self.port}
        if self.own_sfu:
            found["SFU_GRPC_PORT"] = self.sfu_grpc_port
        if self.behind_front:
            found |= {
                "APP_PORT": self.app_port,
                "FLV_PORT": self.flv_port,
                "RTMP_PORT": self.rtmp_port,
                "RTMP_OUT_PORT": self.rtmp_out_port,
                "RTMP_CONTROL_PORT": self.rtmp_control_port,
            }
        if self.takes_pushes:
            found["PUSH_PORT"] = self.push_port
        return found

    @property
    def asked_host(self) -> str:
        """What our own question for its health says in Host: a name that the app answers to."""
        return self.named or f"{self.local_host}:{self.port}"

    def urls_on_network(self) -> list[str]:
        """How other machines reach the app; empty when it listens on loopback only."""
        if not self.on_all_addresses:
            return []
        return [f"{self.scheme}://{address}:{self.port}/" for address in self.lan_addresses]


def wants_rtmp(env: Mapping[str, str]) -> bool:
    """RTMP_ENABLED; where nginx is missing nothing comes of it."""
    return _flag(env, "RTMP_ENABLED", default=True)


def read_config(
    env: Mapping[str, str], lan_addresses: Sequence[str] = (), *, has_nginx: bool = False
) -> Config:
    """Raises ConfigError for a value that can't be used."""
    tls = _flag(env, "TLS", default=False)
    # HTTPS on loopback has no use; it is there for the phone next to you.
    host = env.get("HOST") or ("0.0.0.0" if tls else "127.0.0.1")  # noqa: S104
    elsewhere = bool(env.get("SFU_SERVER_URL") or env.get("SFU_CLUSTER_NODES"))
    rtmp_wanted = wants_rtmp(env)
    own_nginx = rtmp_wanted and _flag(env, "OWN_NGINX", default=False)
    in_front = rtmp_wanted and (has_nginx or own_nginx)
    port = _port(env, "PORT", 8080)
    config = Config(
        host=host,
        port=port,
        tls=tls,
        data_dir=Path(env.get("DATA_DIR") or BASE_DIR / "var").resolve(),
        own_sfu=_flag(env, "SFU_ENABLED", default=True) and not elsewhere,
        sfu_grpc_port=_port(env, "SFU_GRPC_PORT", 5551),
        sfu_udp_port=_port(env, "SFU_UDP_PORT", 5000),
        lan_addresses=tuple(lan_addresses),
        named=env.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".*"),
        rtmp_wanted=rtmp_wanted,
        has_nginx=has_nginx or own_nginx,
        own_nginx=own_nginx,
        app_port=_port(env, "APP_PORT", 8081) if in_front else port,
        flv_port=_port(env, "FLV_PORT", 8082),
        rtmp_port=_port(env, "RTMP_PORT", 1935),
        rtmp_out_port=_port(env, "RTMP_OUT_PORT", 1936),
        rtmp_control_port=_port(env, "RTMP_CONTROL_PORT", 1937),
        push_port=_port(env, "PUSH_PORT", 8083),
        push_wanted=_flag(env, "STREAMING_SOCKET_FALLBACK", default=True),
    )
    names: dict[int, str] = {}
    for name, number in config.ports().items():
        if other := names.get(number):
            raise ConfigError(f"{other} and {name} are both {number}: give them two values.")
        names[number] = name
    return config


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise ConfigError(f"{name} must be a port number from 1 to 65535, not {text!r}.")
    return int(text)


def _flag(env: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = env.get(name, "")
    return text.lower() in TRUE_WORDS if text else default


def read_env_file(path: Path) -> dict[str, str]:
    """NAME=value lines; comments, blank lines and `export` are allowed, quotes are taken off."""
    values: dict[str, str] = {}
    if not path.is_file():
        return values
    for line in path.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and name and not name.startswith("#"):
            values[name.strip()] = value.strip().strip("\"'")
    return values


def environment() -> dict[str, str]:
    """The process's environment; a .env file of the checkout fills what is not set."""
    given = dict(os.environ)
    if not _flag(given, "READ_DOT_ENV", default=True):
        return given
    return {**read_env_file(BASE_DIR / ".env"), **given}
