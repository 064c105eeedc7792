"""manage.py with the secrets and paths of `make run`, as in `python -m launcher.manage check`."""

from __future__ import annotations

import os
import sys

from ingest.nginx import Nginx, find_nginx
from launcher import config as configuration
from launcher.child_env import child_environment
from launcher.network import lan_addresses
from launcher.secret_file import load_or_make_secrets


def main() -> None:
    given = configuration.environment()
    has_nginx = configuration.wants_rtmp(given) and isinstance(find_nginx(), Nginx)
    config = configuration.read_config(given, lan_addresses(), has_nginx=has_nginx)
    secrets = load_or_make_secrets(config.data_dir / "secrets.env")
    os.environ.update(child_environment(config, {**secrets, **given}))
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", *sys.argv[1:]])


if __name__ == "__main__":
    main()
