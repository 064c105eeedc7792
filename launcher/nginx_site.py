"""nginx for this run: folders it may write to, its workers' user, tested configurations."""

from __future__ import annotations

import grp
import os
import pwd
import resource
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

import ingest.nginx as nginx_conf
from ingest.nginx import BadValue, Nginx, NginxValues
from launcher.child_env import proxies_in_front
from launcher.config import Config

WEB_USERS = ("www-data", "nginx", "http")  # Debian's, Fedora's, Arch's
WANTED_FILES = 16_384  # two for each viewer of HTTP-FLV
MEDIA_FOLDERS = ("hls", "recordings", "thumbnails", "marks/air", "marks/open", "marks/private")
WRITTEN_BY_NGINX = ("hls", "recordings")
SHUT_FOLDERS = ("hls", "recordings", "thumbnails")  # what private rooms show is in them, too
PAGES = ("starting.html", "unavailable.json", "too_large.json")


def make_folders(config: Config) -> str | None:
    """All that nginx, playback and worker write into. Returns the user of nginx's workers.

    Without root they are who we are, and None is returned.
    """
    chooses = os.geteuid() == 0 and config.starts_nginx
    user = choose_user(config.data_dir) if chooses else None
    owner = pwd.getpwnam(user) if user else None
    for name in MEDIA_FOLDERS:
        (config.media_dir / name).mkdir(parents=True, exist_ok=True)
    temporary = config.run_dir / "tmp"
    if config.starts_nginx:
        shutil.rmtree(temporary, ignore_errors=True)  # half uploads of a run that was killed
    for name in ("front", "rtmp"):
        (temporary / name).mkdir(parents=True, exist_ok=True)
    # Sockets in it are for nginx and us: others shall not even see them.
    config.run_dir.chmod(0o750)
    if owner is not None:
        # Only what it writes is its own: whoever takes nginx over can't swap its configuration.
        os.chown(config.run_dir, -1, owner.pw_gid)
        for name in WRITTEN_BY_NGINX:
            give(config.media_dir / name, owner)
    if config.starts_nginx:  # another's nginx may be neither their owner nor in the group
        for name in SHUT_FOLDERS:
            (config.media_dir / name).chmod(0o750)
    pages = config.run_dir / "pages"
    pages.mkdir(exist_ok=True)
    for name in PAGES:
        shutil.copyfile(nginx_conf.TEMPLATES / "pages" / name, pages / name)
        (pages / name).chmod(0o644)
    return user


def choose_user(data_dir: Path) -> str:
    """As root: the web server's user if it can get to DATA_DIR, else the owner of DATA_DIR.

    Without a `user` line workers would be `nobody`, whom the folders refuse: recording fails in
    silence.
    """
    for name in WEB_USERS:
        try:
            person = pwd.getpwnam(name)
        except KeyError:
            continue
        if can_reach(data_dir, person.pw_uid, set(os.getgrouplist(name, person.pw_gid))):
            return name
    return owner_of(data_dir)


def can_reach(folder: Path, uid: int, gids: set[int]) -> bool:
    """May this user go through `folder` and all above it?"""
    for each in (folder, *folder.parents):
        status = each.stat()
        if status.st_uid == uid:
            allowed = status.st_mode & stat.S_IXUSR
        elif status.st_gid in gids:
            allowed = status.st_mode & stat.S_IXGRP
        else:
            allowed = status.st_mode & stat.S_IXOTH
        if not allowed:
            return False
    return True


def give(folder: Path, owner: pwd.struct_passwd) -> None:
    """With all that is in it, which an earlier run as another user may have made."""
    for path in (folder, *folder.rglob("*")):
        if path.lstat().st_uid != owner.pw_uid:
            os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)


def open_files() -> int:
    """How many one process may have open here."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return WANTED_FILES if hard == resource.RLIM_INFINITY else min(hard, WANTED_FILES)


def owner_of(folder: Path) -> str:
    """By name; a container's owner may have none, and root can do what he can."""
    try:
        return pwd.getpwuid(folder.stat().st_uid).pw_name
    except KeyError:
        return "root"


def with_group(user: str) -> str:
    """As nginx's `user` wants it: without the group it looks for one of the same name."""
    return f"{user} {grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name}"


def values_of(config: Config, env: Mapping[str, str], user: str | None) -> NginxValues:
    """`env`: that of the children, with secrets. BadValue for what can't be."""
    origins = env.get("PLAYBACK_CORS_ORIGINS", "*").split(",")
    return NginxValues(
        host=config.host_in_url,
        port=config.port,
        app_port=config.app_port,
        flv_port=config.flv_port,
        push_port=config.push_port,
        rtmp_port=config.rtmp_port,
        rtmp_out_port=config.rtmp_out_port,
        rtmp_control_port=config.rtmp_control_port,
        ingest_secret=env["INGEST_SECRET"],
        play_token_secret=env["PLAY_TOKEN_SECRET"],
        media_dir=config.media_dir,
        static_dir=config.data_dir / "static",
        run_dir=config.run_dir,
        certificate=config.certificate if config.tls else None,
        private_key=config.private_key if config.tls else None,
        cors_origins=tuple(origin.strip() for origin in origins if origin.strip()),
        proxies=proxies_in_front(env) - 1,  # ours has been counted in
        user=with_group(user) if user else None,
        open_files=open_files(),
        workers=min(4, os.cpu_count() or 1),
    )


def write_configurations(
    config: Config, env: Mapping[str, str], nginx: Nginx, user: str | None
) -> str | None:
    """front.conf and rtmp.conf in run/; returns why it can't be, in a few words."""
    try:
        values = values_of(config, env, user)
        for name, render in (
            ("front", nginx_conf.render_front),
            ("rtmp", nginx_conf.render_rtmp),
        ):
            path = config.run_dir / f"{name}.conf"
            nginx_conf.write_private(path, render(values, nginx))
            if problem := nginx_conf.problem_of(nginx, path):
                return problem
    except (BadValue, KeyError, OSError) as error:
        return str(error)
    return None
