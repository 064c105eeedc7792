"""nginx: where it is on this machine, and its configuration from the templates in `deploy/nginx/`.

No Django: the launcher uses it. A value that could change the meaning of a configuration is
refused by its form before it gets into one.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TEMPLATES: Final = Path(__file__).resolve().parent.parent / "deploy" / "nginx"
MODULE: Final = "ngx_rtmp_module.so"
MODULE_DIRS: Final = tuple(
    Path(folder)
    for folder in (
        "/usr/lib/nginx/modules",
        "/usr/lib64/nginx/modules",
        "/usr/local/lib/nginx/modules",
        "/usr/local/libexec/nginx",
        "/usr/local/nginx/modules",
    )
)
PLACEHOLDER: Final = re.compile(r"@(include )?([A-Za-z_.-]+)@")
# `$` starts a variable, `@` a placeholder, `,` and `:` part the parameters of a syslog server.
PATH: Final = re.compile(r"/[^\x00-\x1f\x7f\"'\\;{}$@,:#]*")
HOST: Final = re.compile(r"[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]", re.ASCII)
SECRET: Final = re.compile(r"[A-Za-z0-9_-]{32,200}", re.ASCII)
USER: Final = re.compile(r"[a-z_][a-z0-9_.-]{0,31}(?: [a-z_][a-z0-9_.-]{0,31})?", re.ASCII)
ORIGIN: Final = re.compile(
    r"\*|null|[a-z][a-z0-9+.-]*://(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?",
    re.ASCII,
)
TEST_SECS: Final = 20


class BadValue(Exception):
    """A value can't stand in a configuration; the text says which and why."""


@dataclass(frozen=True)
class Nginx:
    """What was found on this machine."""

    program: Path
    rtmp_module: Path | None  # None: compiled in


@dataclass(frozen=True)
class NoNginx:
    reason: str


@dataclass(frozen=True)
class NginxValues:
    """Everything that the templates take from settings."""

    host: str  # as in a URL: IPv6 in brackets
    port: int
    app_port: int
    flv_port: int
    rtmp_port: int
    rtmp_out_port: int
    rtmp_control_port: int
    ingest_secret: str
    play_token_secret: str
    media_dir: Path
    static_dir: Path
    run_dir: Path
    certificate: Path | None = None
    private_key: Path | None = None
    push_port: int = 8083
    cors_origins: tuple[str, ...] = ("*",)
    proxies: int = 0  # of others in front of us, whose X-Forwarded-* is believed
    user: str | None = None  # and group of the workers, as "www-data www-data"; root's to choose
    open_files: int = 4096
    workers: int = 1
    redirect_port: int | None = None  # plain HTTP that is sent on to HTTPS


def find_nginx() -> Nginx | NoNginx:
    """nginx with the rtmp module, or why there is none in a few words."""
    places = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/sbin"))
    program = shutil.which("nginx", path=places)
    if program is None:
        return NoNginx("nginx is not installed")
    try:
        said = subprocess.run([program, "-V"], capture_output=True, timeout=TEST_SECS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return NoNginx(f"{program} does not run ({error})")
    text = said.stderr.decode(errors="replace")
    if re.search(r"--add-module=\S*rtmp", text):
        return Nginx(Path(program), None)
    told = re.findall(r"--modules-path=([^\s']+)", text)
    for folder in (*map(Path, told), *MODULE_DIRS):
        if (folder / MODULE).is_file():
            return Nginx(Path(program), folder / MODULE)
    return NoNginx("nginx is here, but not its rtmp module (libnginx-mod-rtmp)")


def render_rtmp(values: NginxValues, nginx: Nginx) -> str:
    """The configuration of the process `rtmp`."""
    return _render("rtmp.conf", values, nginx)


def render_front(values: NginxValues, nginx: Nginx) -> str:
    """The configuration of the process `front`."""
    return _render("front.conf", values, nginx)


def render_production(values: NginxValues, nginx: Nginx) -> str:
    """Both in one file, for an nginx that somebody else starts."""
    return _render("production.conf", values, nginx)


def command(nginx: Nginx, config: Path) -> tuple[str, ...]:
    """nginx in the foreground, complaining to stderr from its first moment on."""
    return (str(nginx.program), "-e", "stderr", "-p", str(config.parent), "-c", str(config))


def problem_of(nginx: Nginx, config: Path) -> str | None:
    """What `nginx -t` has against a configuration; None when it is good."""
    try:
        done = subprocess.run(
            [*command(nginx, config), "-t", "-q"],
            capture_output=True,
            timeout=TEST_SECS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return None
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return next((line for line in lines if "[emerg]" in line), lines[-1] if lines else "it failed")


def write_private(path: Path, text: str) -> None:
    """0600 from the first byte, and never half written: it holds secrets."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


def _render(template: str, values: NginxValues, nginx: Nginx) -> str:
    known = _words(values, nginx)

    def fill(found: re.Match[str]) -> str:
        included, name = found.groups()
        if included:
            text = (TEMPLATES / name).read_text(encoding="utf-8")
            return PLACEHOLDER.sub(fill, text.rstrip("\n"))
        return known[name]

    return PLACEHOLDER.sub(fill, (TEMPLATES / template).read_text(encoding="utf-8"))


def _words(values: NginxValues, nginx: Nginx) -> dict[str, str]:
    """Placeholder → text, every value checked."""
    tls = values.certificate is not None and values.private_key is not None
    # With proxies in front, theirs is the truth; without, what a client claims is overwritten.
    behind = values.proxies > 0
    connections = max(256, values.open_files // 2 - 64)
    module = f'load_module "{_path("module", nginx.rtmp_module)}";' if nginx.rtmp_module else ""
    return {
        **{
            name.upper(): _number(name.upper(), getattr(values, name), 65535)
            for name in (
                *("port", "app_port", "flv_port", "push_port"),
                *("rtmp_port", "rtmp_out_port", "rtmp_control_port"),
            )
        },
        "HOST": _form("HOST", values.host, HOST),
        "INGEST_SECRET": _form("INGEST_SECRET", values.ingest_secret, SECRET),
        "PLAY_TOKEN_SECRET": _form("PLAY_TOKEN_SECRET", values.play_token_secret, SECRET),
        "MEDIA": _path("MEDIA_DIR", values.media_dir),
        "STATIC": _path("STATIC_ROOT", values.static_dir),
        "RUN": _path("DATA_DIR", values.run_dir),
        "PAGES": _path("DATA_DIR", values.run_dir / "pages"),
        "LOAD_MODULE": module,
        "USER": f"user {_form('user', values.user, USER)};" if values.user else "",
        "OPEN_FILES": _number("open files", values.open_files, 1_048_576),
        "CONNECTIONS": _number("connections", connections, 1_048_576),
        "WORKERS": _number("workers", values.workers, 64),
        "MAX_CONNECTIONS": _number("connections", connections * 7 // 8, 1_048_576),
        "FORWARDED_FOR": "$proxy_add_x_forwarded_for" if behind else "$remote_addr",
        "CLIENT_ADDRESS": _client_address(values.proxies),
        "FORWARDED_PROTO": "$http_x_forwarded_proto" if behind else "$scheme",
        "LISTEN_OPTIONS": "sndbuf=256k" + (" ssl" if tls else ""),
        "TLS": _tls(values) if tls else "",
        "REDIRECT": _redirect(values) if values.redirect_port else "",
        "CORS_ORIGINS": _cors(values.cors_origins),
    }


def _client_address(proxies: int) -> str:
    """Each proxy adds to the end of X-Forwarded-For whom it saw: the last `proxies` are true."""
    if proxies <= 0:
        return "default $remote_addr;"
    later = f"(?:,[^,]*){{{proxies - 1}}}"
    return rf'"~(?:^|[,\s])(?<a_hop>[0-9a-f.:]+)\s*{later}$" $a_hop; default $remote_addr;'


def _tls(values: NginxValues) -> str:
    return "\n".join(
        (
            f'    ssl_certificate "{_path("DATA_DIR", values.certificate)}";',
            f'    ssl_certificate_key "{_path("DATA_DIR", values.private_key)}";',
            "    ssl_protocols TLSv1.2 TLSv1.3;",
            "    ssl_session_cache shared:front:2m;",
            "    error_page 497 =308 https://$http_host$request_uri;  # http:// to this port",
        )
    )


def _redirect(values: NginxValues) -> str:
    listen = (
        f"{_form('HOST', values.host, HOST)}:{_number('port', values.redirect_port or 0, 65535)}"
    )
    port = "" if values.port == 443 else f":{values.port}"
    return f"""  server {{
    listen {listen};
    server_name _;
    location / {{ return 301 https://$host{port}$request_uri; }}
  }}"""


def _cors(origins: tuple[str, ...]) -> str:
    checked = [_form("PLAYBACK_CORS_ORIGINS", origin, ORIGIN) for origin in origins]
    if "*" in checked:
        return 'default "*";'
    return 'default "";' + "".join(f' "{origin}" "{origin}";' for origin in checked)


def _form(name: str, value: str, form: re.Pattern[str]) -> str:
    if not form.fullmatch(value):
        shown = "what it holds" if name.endswith("_SECRET") else repr(value[:100])
        raise BadValue(f"{name}: {shown} can't stand in nginx's configuration")
    return value


def _path(name: str, value: Path | None) -> str:
    return _form(name, str(value), PATH)


def _number(name: str, value: int, most: int) -> str:
    if not 1 <= value <= most:
        raise BadValue(f"{name} must be from 1 to {most}, not {value}")
    return str(value)
