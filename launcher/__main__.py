"""`python -m launcher`: prepares, starts and minds everything that MicroVibe is on one machine."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ingest.nginx import Nginx, NoNginx, find_nginx
from launcher import config as configuration
from launcher.child_env import child_environment
from launcher.children import children_of
from launcher.config import BASE_DIR, Config, ConfigError
from launcher.network import lan_addresses, port_problem
from launcher.nginx_site import make_folders, write_configurations
from launcher.ready import wait_for_parts, wait_until_ready
from launcher.secret_file import load_or_make_secrets
from launcher.stamps import read_stamps, steps_to_do, wanted_stamps, write_stamps
from launcher.supervise import Supervisor

PATIENCE_SECS = 30.0
PARTS_PATIENCE_SECS = 5.0
NGINX_PORTS = ("PORT", "RTMP_PORT", "RTMP_OUT_PORT", "RTMP_CONTROL_PORT")
HOW_TO_HAVE_NGINX = "apt-get install nginx libnginx-mod-rtmp"


class CannotStart(Exception):
    """Said in plain words, without a traceback."""


def check_ports(config: Config) -> None:
    for name, port in config.ports().items():
        if config.own_nginx and name in NGINX_PORTS:
            continue
        host = config.host if name in ("PORT", "RTMP_PORT") else "127.0.0.1"
        check_port(name, host, port, socket.SOCK_STREAM)
    if config.own_sfu:
        check_port("SFU_UDP_PORT", "127.0.0.1", config.sfu_udp_port, socket.SOCK_DGRAM)


def check_port(name: str, host: str, port: int, kind: socket.SocketKind) -> None:
    if problem := port_problem(host, port, kind):
        raise CannotStart(
            f"Port {port} ({name}) can't be used: {problem}.\n"
            f"Is MicroVibe running already? If not, choose another port: make run {name}={port + 1}"
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


def announce(config: Config, accounts: Mapping[str, str], notes: Sequence[str]) -> None:
    lines = ["", f"MicroVibe is ready: {config.url}", ""]
    lines += [f"  on this network   {url}" for url in config.urls_on_network()]
    if config.tls:
        lines.append("  The certificate is our own: the browser warns once; go on past it.")
    if config.behind_front:
        lines.append(f"  OBS               {config.rtmp_server} (stream key: in the dashboard)")
    lines += [f"  {note}" for note in notes]
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


@dataclass(frozen=True)
class Plan:
    """One run: what to start, and what to say once it is up."""

    config: Config
    env: Mapping[str, str]
    accounts: Mapping[str, str]
    nginx: Nginx | None
    notes: tuple[str, ...]


async def run(plan: Plan) -> None:
    config = plan.config
    children = children_of(config, plan.env, plan.nginx)
    supervisor = Supervisor(children, config.data_dir / "log")
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, supervisor.stop)
    minding = asyncio.create_task(supervisor.run())
    asking = asyncio.create_task(announce_when_ready(plan))
    await minding
    asking.cancel()
    print("\nMicroVibe has stopped.", flush=True)


async def announce_when_ready(plan: Plan) -> None:
    config = plan.config
    answer = await wait_until_ready(config, PATIENCE_SECS)
    if answer is None or answer.status != 200:
        heard = f"it says: {answer.body[:500]}" if answer else "it does not answer"
        print(
            f"Not ready after {PATIENCE_SECS:g} s: {heard}\n"
            f"The lines above and {config.data_dir / 'log'} say why. Waiting on.",
            flush=True,
        )
        await wait_until_ready(config, float("inf"))
    notes = list(plan.notes)
    if silent := await wait_for_parts(config, PARTS_PATIENCE_SECS):
        notes.append(f"Not up yet: {', '.join(silent)}. {config.data_dir / 'log'} says why.")
    announce(config, plan.accounts, notes)


def make_plan() -> Plan:
    """Everything up to the first process, in the order in which one thing needs another."""
    given = configuration.environment()
    found = find_nginx() if configuration.wants_rtmp(given) else NoNginx("RTMP_ENABLED is false")
    config = read_config(given, has_nginx=isinstance(found, Nginx))
    check_ports(config)
    secrets = load_or_make_secrets(config.data_dir / "secrets.env")
    env = child_environment(config, {**secrets, **given})
    accounts = prepare(config, env)
    user = make_folders(config)
    if config.own_nginx:
        return Plan(config, env, accounts, None, ("nginx is yours: deploy/README.md.",))
    if isinstance(found, Nginx) and (problem := write_configurations(config, env, found, user)):
        found = NoNginx(f"nginx is not content: {problem}")
        config = read_config(given, has_nginx=False)
        env = child_environment(config, {**secrets, **given})
    match found:
        case Nginx():
            return Plan(config, env, accounts, found, ())
        case NoNginx(reason):
            notes = [f"RTMP (OBS), HLS and HTTP-FLV are off: {reason}."]
            if "libnginx-mod-rtmp" in reason or "not installed" in reason:
                notes.append(f"To have them: {HOW_TO_HAVE_NGINX}, then start again.")
            return Plan(config, env, accounts, None, tuple(notes))


def read_config(given: Mapping[str, str], has_nginx: bool) -> Config:
    config = configuration.read_config(given, lan_addresses(), has_nginx=has_nginx)
    config.data_dir.mkdir(parents=True, exist_ok=True)
    return config


def main() -> int:
    # Lines must reach a pipe (a log, a test) when they are written.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    try:
        asyncio.run(run(make_plan()))
    except (CannotStart, ConfigError) as problem:
        print(f"\n{problem}\n", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
