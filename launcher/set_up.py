"""Sets a checkout up: virtual environment, Python packages, browser parts, what tests need.

    python3 -I launcher/set_up.py run|test

Only the standard library, and syntax that Python 3.7 can read: it has to say that it is old.
What is in place already is seen by stamps and skipped.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
VENV_BIN = os.path.join(VENV, "bin")
NODE_MODULES = os.path.join(ROOT, "node_modules")
OLDEST_PYTHON = (3, 11)
NEWER_PYTHONS = ("python3.14", "python3.13", "python3.12", "python3.11")
OLDEST_NODE = 18
# What tests need of Debian: the browser they drive, Chinese for its screenshots, an encoder.
DEBIAN_PACKAGES = {"chromium": "chromium", "fonts-wqy-microhei": None, "ffmpeg": "ffmpeg"}
# RTMP in, and what stands in front of everything; without them the rest works.
NGINX_PACKAGES = ["nginx", "libnginx-mod-rtmp"]
POLICY = "/usr/sbin/policy-rc.d"
REQUIREMENTS = {"run": "requirements.txt", "test": "requirements-dev.txt"}


class CannotSetUp(Exception):
    """Said in plain words, without a traceback."""


def say(text: str) -> None:
    print("Setting up: " + text, file=sys.stderr)
    sys.stderr.flush()


def run(command: list[str], problem: str, env: dict[str, str] | None = None) -> str:
    """Quiet while it works; all of its output when it does not."""
    done = subprocess.run(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode != 0:
        raise CannotSetUp(done.stdout.decode(errors="replace")[-4000:] + "\n" + problem)
    return done.stdout.decode(errors="replace")


def version_of(command: list[str]) -> tuple[int, ...]:
    """(3, 11, 7) as `command --version` says it; () when there is no such program."""
    try:
        done = subprocess.run(
            [*command, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
        )
    except OSError:
        return ()
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", done.stdout.decode(errors="replace"))
    return tuple(int(n) for n in found.groups()) if found and done.returncode == 0 else ()


# --- stamps ---------------------------------------------------------------------------------------


def digest(names: list[str], extra: str = "") -> str:
    """Changes with the contents of these files of the checkout."""
    content = hashlib.sha256(extra.encode())
    for name in names:
        with open(os.path.join(ROOT, name), "rb") as file:
            content.update(file.read())
    return content.hexdigest()


def is_stamped(folder: str, modes: list[str], value: str) -> bool:
    """Was one of `modes` set up in `folder` from just these sources?"""
    for mode in modes:
        try:
            with open(os.path.join(folder, ".microvibe-" + mode)) as file:
                if file.read() == value:
                    return True
        except OSError:
            pass
    return False


def write_stamp(folder: str, mode: str, value: str) -> None:
    with open(os.path.join(folder, ".microvibe-" + mode), "w") as file:
        file.write(value)


def enough_for(mode: str) -> list[str]:
    """What was set up for tests is good for a run as well."""
    return ["run", "test"] if mode == "run" else ["test"]


# --- Python ---------------------------------------------------------------------------------------


def find_python() -> str:
    if sys.version_info >= OLDEST_PYTHON:
        return sys.executable
    for name in NEWER_PYTHONS:
        if version_of([name]) >= OLDEST_PYTHON:
            return name
    raise CannotSetUp(
        "MicroVibe needs Python {}.{} or newer; this is {}.{}.\n"
        "Install a newer one, then: make run PYTHON=python3.12".format(
            *OLDEST_PYTHON, *sys.version_info[:2]
        )
    )


def make_venv() -> None:
    python = os.path.join(VENV_BIN, "python")
    if version_of([python]) >= OLDEST_PYTHON and os.path.exists(os.path.join(VENV_BIN, "pip")):
        return
    say("a virtual environment in .venv")
    found = find_python()
    has_venv = subprocess.run(
        [found, "-c", "import ensurepip, venv"], check=False, stderr=subprocess.DEVNULL
    )
    if has_venv.returncode != 0:
        apt_install(
            ["python3-venv"],
            "Python's venv module is missing. Install it, for example:\n"
            "  sudo apt-get install python3-venv",
        )
    run([found, "-m", "venv", "--clear", VENV], "The virtual environment could not be made.")


def install_packages(mode: str) -> None:
    python = os.path.join(VENV_BIN, "python")
    version = str(version_of([python]))
    if any(is_stamped(VENV, [m], digest(sources_of(m), version)) for m in enough_for(mode)):
        return
    say("Python packages (a minute or two on the first time)")
    pip_install(["-r", REQUIREMENTS[mode]])
    write_stamp(VENV, mode, digest(sources_of(mode), version))


def sources_of(mode: str) -> list[str]:
    return sorted({"requirements.txt", "constraints.txt", REQUIREMENTS[mode]})


def pip_install(what: list[str]) -> None:
    command = [os.path.join(VENV_BIN, "python"), "-m", "pip", "install", "--quiet"]
    run(
        [*command, "--disable-pip-version-check", "-c", "constraints.txt", *what],
        "pip could not install the packages. Is this machine on the network?",
    )


# --- Browser parts --------------------------------------------------------------------------------


def find_npm() -> tuple[list[str], dict[str, str] | None]:
    """npm's command and the environment it needs; installed into the venv where there is none."""
    if version_of(["node"])[:1] >= (OLDEST_NODE,) and version_of(["npm"]):
        return ["npm"], None
    own = os.path.join(VENV_BIN, "npm")
    env = dict(os.environ, PATH=VENV_BIN + os.pathsep + os.environ.get("PATH", ""))
    if not os.path.exists(own):
        say("Node.js inside .venv, since this machine has none")
        pip_install(["-r", "requirements-node.txt"])
    return [own], env


def install_browser_parts(mode: str) -> None:
    value = digest(["package.json", "package-lock.json"])
    if is_stamped(NODE_MODULES, enough_for(mode), value):
        return
    npm, env = find_npm()
    say("browser libraries from npm")
    only = [] if mode == "test" else ["--omit=dev"]
    run(
        [*npm, "ci", "--no-audit", "--no-fund", *only],
        "npm could not fetch the browser libraries. Is this machine on the network?",
        env,
    )
    write_stamp(NODE_MODULES, mode, value)


# --- Debian ---------------------------------------------------------------------------------------


def debian_has(package: str) -> bool:
    command = DEBIAN_PACKAGES.get(package)
    if command and shutil.which(command):
        return True
    done = subprocess.run(
        ["dpkg-query", "-W", "-f=${Status}", package],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    return b"install ok installed" in done.stdout


def apt_install(packages: list[str], problem: str) -> None:
    """As root on Debian; anyone else is told what to do."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise CannotSetUp(problem)
    say("Debian packages " + " ".join(packages))
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    run(["apt-get", "update"], problem, env)
    run(install, problem, env)


def wants_rtmp() -> bool:
    """RTMP_ENABLED of the environment or of .env; true unless one says no."""
    text = os.environ.get("RTMP_ENABLED", "")
    if not text and os.environ.get("READ_DOT_ENV", "true").lower() in ("1", "true", "yes", "on"):
        try:
            with open(os.path.join(ROOT, ".env")) as file:
                found = re.findall(r"^(?:export )?RTMP_ENABLED=[\"']?(\w+)", file.read(), re.M)
            text = found[-1] if found else ""
        except OSError:
            pass
    return not text or text.lower() in ("1", "true", "yes", "on")


def has_nginx() -> bool:
    """By what it is, not by package: somebody may have built it."""
    program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if not program:
        return False
    built = subprocess.run([program, "-V"], check=False, stderr=subprocess.PIPE).stderr
    return b"rtmp" in built or debian_has("libnginx-mod-rtmp")


def install_nginx() -> None:
    """nginx with its rtmp module, as root on Debian; never its service, which takes port 80."""
    if not wants_rtmp() or not shutil.which("dpkg-query") or not shutil.which("apt-get"):
        return  # where there is no apt the launcher says what is missing
    forget_our_policy()
    if has_nginx():
        return
    advice = "For RTMP (OBS), HLS and HTTP-FLV: sudo apt-get install " + " ".join(NGINX_PACKAGES)
    was_there = debian_has("nginx")
    ours = not was_there and os.geteuid() == 0 and not os.path.lexists(POLICY)
    try:
        if ours:
            # Debian's own way to say "start no services"; ours for a minute.
            descriptor = os.open(POLICY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o755)
            with os.fdopen(descriptor, "w") as file:
                file.write("#!/bin/sh\n# MicroVibe installs nginx and runs it itself.\nexit 101\n")
        apt_install(NGINX_PACKAGES, advice)
        if not was_there and os.path.isdir("/run/systemd/system"):
            run(["systemctl", "disable", "--now", "nginx"], advice)
    except (CannotSetUp, OSError) as problem:
        say(str(problem) + "\nThe rest works without it.")
    finally:
        if ours:
            forget_our_policy()


def forget_our_policy() -> None:
    """Also that of a run that was killed: no service would ever start again."""
    try:
        with open(POLICY) as file:
            ours = "MicroVibe" in file.read()
        if ours:
            os.unlink(POLICY)
    except OSError:
        pass


def install_debian_packages() -> None:
    if not shutil.which("dpkg-query"):
        return
    missing = [package for package in DEBIAN_PACKAGES if not debian_has(package)]
    if not missing:
        return
    advice = "Tests need these Debian packages: " + " ".join(missing)
    try:
        apt_install(missing, advice)
    except CannotSetUp as problem:
        if os.environ.get("CI", "").lower() in ("1", "true", "yes"):
            raise
        say(f"{problem}\nTests that need them will be skipped and say so.")


def main() -> None:
    mode = sys.argv[1] if len(sys.argv) == 2 else ""
    if mode not in REQUIREMENTS:
        sys.exit(__doc__)
    started = time.monotonic()
    try:
        make_venv()
        install_packages(mode)
        install_browser_parts(mode)
        install_nginx()
        if mode == "test":
            install_debian_packages()
    except CannotSetUp as problem:
        sys.exit(f"\n{problem}\n")
    except KeyboardInterrupt:
        sys.exit(130)
    took = time.monotonic() - started
    if took > 2:
        say(f"done in {took:.0f} s")


if __name__ == "__main__":
    main()
