"""`python -m launcher.nginx_conf FILE`: the configuration for an nginx of your own."""

from __future__ import annotations

import argparse
import os
import pwd
import sys
from dataclasses import replace
from pathlib import Path

from ingest.nginx import (
    BadValue,
    Nginx,
    NoNginx,
    find_nginx,
    problem_of,
    render_production,
    write_private,
)
from launcher import config as configuration
from launcher.child_env import child_environment
from launcher.nginx_site import give, make_folders, owner_of, values_of
from launcher.secret_file import load_or_make_secrets


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m launcher.nginx_conf", description=__doc__)
    made.add_argument(
        "file", type=Path, help="where to write it, for example /etc/nginx/nginx.conf"
    )
    made.add_argument("--certificate", type=Path, help="PEM with the whole chain: HTTPS on PORT")
    made.add_argument("--key", type=Path, help="PEM with its private key")
    made.add_argument("--redirect-from", type=int, metavar="PORT", help="plain HTTP to HTTPS, 80")
    return made


def write(arguments: argparse.Namespace) -> str:
    """Returns what to do next. BadValue and ConfigError for what can't be."""
    if bool(arguments.certificate) != bool(arguments.key):
        raise BadValue("--certificate and --key go together")
    found = find_nginx()
    if isinstance(found, NoNginx):
        raise BadValue(f"{found.reason}: apt-get install nginx libnginx-mod-rtmp")
    assert isinstance(found, Nginx)
    given = {**configuration.environment(), "OWN_NGINX": "true", "RTMP_ENABLED": "true"}
    config = configuration.read_config(given)
    config.data_dir.mkdir(parents=True, exist_ok=True)
    secrets = load_or_make_secrets(config.data_dir / "secrets.env")
    env = child_environment(config, {**secrets, **given})
    make_folders(config)
    if os.geteuid() == 0:  # what was just made belongs to whom the rest runs as
        owner = pwd.getpwnam(owner_of(config.data_dir))
        for part in (config.media_dir, config.run_dir, config.data_dir / "secrets.env"):
            give(part, owner)
    values = replace(
        # It writes HLS and recordings, which the worker reads and deletes: as the same user.
        values_of(config, env, owner_of(config.data_dir)),
        certificate=arguments.certificate and arguments.certificate.absolute(),
        private_key=arguments.key and arguments.key.absolute(),
        redirect_port=arguments.redirect_from,
    )
    write_private(arguments.file, render_production(values, found))
    if problem := problem_of(found, arguments.file.absolute()):
        raise BadValue(f"Written, but nginx is not content: {problem}")
    return f"Written. Next: {found.program} -t -c {arguments.file.absolute()}"


def main() -> int:
    try:
        print(write(parser().parse_args()))
    except (BadValue, configuration.ConfigError, KeyError, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
