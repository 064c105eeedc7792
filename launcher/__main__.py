"""`python -m launcher`: prepares, starts and minds everything that MicroVibe is on one machine."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping

from launcher import config as configuration
from launcher.config import BASE_DIR, Config, ConfigError
from launcher.network import lan_addresses, port_problem
from launcher.ready import wait_until_ready
from launcher.secret_file import load_or_make_secrets
from launcher.stamps import read_stamps, steps_to_do, wanted_stamps, write_stamps
from launcher.supervise import Child, Supervisor

PATIENCE_SECS = 30.0


class CannotStart(Exception):
    """Said in plain words, without a traceback."""


def check_ports(config: Config) -> None:
    wanted = [("PORT", config.host, config.port, socket.SOCK_STREAM)]
    if config.own_sfu:
        wanted += [
            ("SFU_GRPC_PORT", "127.0.0.1", config.sfu_grpc_port, socket.SOCK_STREAM),
            ("SFU_UDP_PORT", "127.0.0.1", config.sfu_udp_port, socket.SOCK_DGRAM),
        ]
    for name, host, port, kind in wanted:
        if problem := port_problem(host, port, kind):
            raise CannotStart(
                f"Port {port} ({name}) can't be used: {problem}.\n"
                f"Is MicroVibe running already? If not, choose another port: "
                f"make run {name}={port + 1}"
            )


def prepare(config: Config, env: Mapping[str, str]) -> dict[str, str]:
    """Do what changed since the last run; returns the accounts that were made."""
    stamp_file = config.data_dir / "prepared.json"
    addresses = [*config.lan_addresses, *([config.host] if config.host[0].isdigit() else [])]
    wanted = wanted_stamps(env.get("DATABASE_URL", ""), addresses)
    steps = steps_to_do(config, wanted, read_stamps(stamp_file))
    if not steps:
        return {}
    command = [sys.executable, "-m", "launcher.prepare", ",".join(sorted(steps))]
    done = subprocess.run(
        [*command, ",".join(addresses)],
        env=dict(env),
        cwd=BASE_DIR,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CannotStart("Preparing failed; the lines above say why.")
    write_stamps(stamp_file, wanted)
    accounts = json.loads(done.stdout.strip().splitlines()[-1])
    return {str(name): str(password) for name, password in accounts.items()}


def children_of(config: Config, env: Mapping[str, str]) -> list[Child]:
    python = sys.executable
    children = []
    if config.own_sfu:
        children.append(Child("sfu", (python, "-m", "embedded_sfu"), env))
    if config.tls:
        escaped = str(config.data_dir / "tls").replace("\\", "\\\\").replace(":", "\\:")
        listen: tuple[str, ...] = (
            "-e",
            f"ssl:{config.port}:interface={config.host.replace(':', chr(92) + ':')}"
            f":privateKey={escaped}/private_key.pem:certKey={escaped}/certificate.pem",
        )
    else:
        listen = ("-b", config.host, "-p", str(config.port))
    daphne = (
        *(python, "-m", "daphne", *listen),
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
    children.append(Child("app", daphne, env))
    return children


def announce(config: Config, accounts: Mapping[str, str]) -> None:
    lines = ["", f"MicroVibe is ready: {config.url}", ""]
    lines += [f"  on this network   {url}" for url in config.urls_on_network()]
    if config.tls:
        lines.append("  The certificate is our own: the browser warns once; go on past it.")
    if accounts:
        lines += [f"  {name:<8} password  {password}" for name, password in accounts.items()]
        lines.append("  Write the password down: it is shown only now.")
    else:
        lines.append(
            "  Accounts: demo (streams) and staff (/admin/), passwords as on the first run."
        )
        lines.append("  Forgotten? .venv/bin/python -m launcher.manage changepassword demo")
    lines += [
        "",
        f"  Next: sign in as demo at {config.local_url}/sign-in, open the studio, press Go live,",
        "        then open the room in a second window. Ctrl-C stops everything.",
        "",
    ]
    print("\n".join(lines), flush=True)


async def run(config: Config, env: Mapping[str, str], accounts: Mapping[str, str]) -> None:
    supervisor = Supervisor(children_of(config, env), config.data_dir / "log")
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, supervisor.stop)
    minding = asyncio.create_task(supervisor.run())
    asking = asyncio.create_task(announce_when_ready(config, accounts))
    await minding
    asking.cancel()
    print("\nMicroVibe has stopped.", flush=True)


async def announce_when_ready(config: Config, accounts: Mapping[str, str]) -> None:
    answer = await wait_until_ready(config, PATIENCE_SECS)
    if answer is None or answer.status != 200:
        heard = f"it says: {answer.body[:500]}" if answer else "it does not answer"
        print(
            f"Not ready after {PATIENCE_SECS:g} s: {heard}\n"
            f"The lines above and {config.data_dir / 'log'} say why. Waiting on.",
            flush=True,
        )
        await wait_until_ready(config, float("inf"))
    announce(config, accounts)


def main() -> int:
    # Lines must reach a pipe (a log, a test) when they are written.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    try:
        given = configuration.environment()
        config = configuration.read_config(given, lan_addresses())
        config.data_dir.mkdir(parents=True, exist_ok=True)
        check_ports(config)
        secrets = load_or_make_secrets(config.data_dir / "secrets.env")
        env = configuration.child_environment(config, {**secrets, **given})
        accounts = prepare(config, env)
        asyncio.run(run(config, env, accounts))
    except (CannotStart, ConfigError) as problem:
        print(f"\n{problem}\n", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
