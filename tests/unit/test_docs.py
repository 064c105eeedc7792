"""Documents are true: links lead somewhere, every setting is explained, every command exists."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
READERS = ("microvibe", "launcher", "embedded_sfu", "live", "sfu_relay", "playback", "push")
# Of the machine, not settings of ours.
OF_THE_MACHINE = {"PATH", "CI", "DJANGO_SETTINGS_MODULE"}


def slug(heading: str) -> str:
    """The anchor that a heading gets."""
    text = re.sub(r"[^\w\- ]", "", heading.strip().lower().replace("`", ""))
    return text.replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{target} is not there"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", there.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in map(slug, headings), f"{target}: no such heading"


def settings_read_by_code() -> set[str]:
    """Names given to environ's `env.…("NAME"`, os.environ and the launcher's readers."""
    pattern = re.compile(
        r"(?:\benv\.\w+|environ\.get|getenv|\benv\.get|_port|_flag)\(\s*(?:env,\s*)?\"([A-Z][A-Z0-9_]+)\""
        r"|(?:environ|\benv)\[\"([A-Z][A-Z0-9_]+)\"\]"
    )
    found: set[str] = set()
    for folder in READERS:
        for file in (ROOT / folder).rglob("*.py"):
            for match in pattern.finditer(file.read_text(encoding="utf-8")):
                found.add(match[1] or match[2])
    return found - OF_THE_MACHINE


def settings_explained() -> set[str]:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE))


def test_every_setting_is_explained_and_every_explained_one_is_read():
    read = settings_read_by_code()
    assert {"PORT", "SECRET_KEY", "TLS", "DEMO_PASSWORD"} <= read  # the search itself works
    assert read - settings_explained() == set(), "missing in .env.example"
    assert settings_explained() - read == set(), "nobody reads these of .env.example"


def test_every_make_command_in_the_documents_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    commands = set(re.findall(r"(?:^|`)(?:[A-Z_]+=\S+ )*make ([a-z-]+)", text, re.MULTILINE))
    assert {"run", "test", "check"} <= commands
    assert commands <= targets


def test_the_lock_file_names_no_host():
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []


def test_every_requirement_is_pinned_and_constrained():
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower().replace("_", "-")
    pinned = dict(line.split("==") for line in constraints.split() if "==" in line)
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            if not line or line.startswith(("#", "-r")):
                continue
            package, equals, version = line.partition("==")
            assert equals, f"{line} of {name} is not pinned"
            package = package.split("[")[0].lower().replace("_", "-")
            assert pinned.get(package) == version.strip(), f"{package} is not in constraints.txt"
