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
    """Where this run listens and writes, and whether it brings its own SFU."""

    host: str
    port: int
    tls: bool
    data_dir: Path
    own_sfu: bool
    sfu_grpc_port: int
    sfu_udp_port: int
    lan_addresses: tuple[str, ...]

    @property
    def scheme(self) -> str:
        return "https" if self.tls else "http"

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}/"

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

    def urls_on_network(self) -> list[str]:
        """How other machines reach the app; empty when it listens on loopback only."""
        if not self.on_all_addresses:
            return []
        return [f"{self.scheme}://{address}:{self.port}/" for address in self.lan_addresses]


def read_config(env: Mapping[str, str], lan_addresses: Sequence[str] = ()) -> Config:
    """Raises ConfigError for a value that can't be used."""
    tls = _flag(env, "TLS", default=False)
    # HTTPS on loopback has no use; it is there for the phone next to you.
    host = env.get("HOST") or ("0.0.0.0" if tls else "127.0.0.1")  # noqa: S104
    elsewhere = bool(env.get("SFU_SERVER_URL") or env.get("SFU_CLUSTER_NODES"))
    config = Config(
        host=host,
        port=_port(env, "PORT", 8080),
        tls=tls,
        data_dir=Path(env.get("DATA_DIR") or BASE_DIR / "var").resolve(),
        own_sfu=_flag(env, "SFU_ENABLED", default=True) and not elsewhere,
        sfu_grpc_port=_port(env, "SFU_GRPC_PORT", 5551),
        sfu_udp_port=_port(env, "SFU_UDP_PORT", 5000),
        lan_addresses=tuple(lan_addresses),
    )
    if config.own_sfu and config.port == config.sfu_grpc_port:
        raise ConfigError(f"PORT and SFU_GRPC_PORT are both {config.port}: give them two values.")
    return config


def child_environment(config: Config, env: Mapping[str, str]) -> dict[str, str]:
    """The environment of the app and the SFU: what was given, and what follows from it."""
    hosts = ["localhost", "127.0.0.1", "[::1]"]
    if config.host not in {*hosts, "::", "::1"}:
        hosts.append(config.host)
    if config.on_all_addresses:
        hosts += config.lan_addresses
    origins = [f"{config.scheme}://{host}:{config.port}" for host in hosts]
    public_host = config.lan_addresses[0] if config.urls_on_network() else config.local_host
    derived = {
        "HOST": config.host,
        "PORT": str(config.port),
        "DATA_DIR": str(config.data_dir),
        "PUBLIC_URL": f"{config.scheme}://{public_host}:{config.port}",
        "ALLOWED_HOSTS": ",".join(hosts),
        "CSRF_TRUSTED_ORIGINS": ",".join(origins),
        "SFU_GRPC_PORT": str(config.sfu_grpc_port),
        "SFU_UDP_PORT": str(config.sfu_udp_port),
    }
    given = {name: value for name, value in env.items() if value != "" or name not in derived}
    # HOST and DATA_DIR were resolved; the rest may be overruled by whoever knows better.
    fixed = {name: derived[name] for name in ("HOST", "PORT", "DATA_DIR")}
    return {"DJANGO_SETTINGS_MODULE": "microvibe.settings", **derived, **given, **fixed}


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
