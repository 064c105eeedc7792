"""The Chinese catalogues are complete, compiled, and keep every placeholder."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

import polib
import pytest

FOLDER = Path(__file__).parents[3] / "locale" / "zh_Hans" / "LC_MESSAGES"
DOMAINS = ["django", "djangojs"]
PLACEHOLDERS = re.compile(r"%\(\w+\)(?:\.\d)?[sdf]|\{\w+\}|%[sd]")
ROOT = Path(__file__).parents[3]


def entries(domain: str) -> list[polib.POEntry]:
    return list(polib.pofile(str(FOLDER / f"{domain}.po")))


def translations(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


@pytest.mark.parametrize("domain", DOMAINS)
def test_nothing_is_untranslated_or_doubtful(domain: str) -> None:
    left = [e.msgid for e in entries(domain) if not all(translations(e)) or e.fuzzy or e.obsolete]
    assert not left


@pytest.mark.parametrize("domain", DOMAINS)
def test_what_is_compiled_is_in_step(domain: str) -> None:
    with (FOLDER / f"{domain}.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    behind = [
        e.msgid
        for e in entries(domain)
        if (
            compiled.ngettext(e.msgid, e.msgid_plural, 2)
            if e.msgid_plural
            else compiled.gettext(e.msgid)
        )
        != translations(e)[0]
    ]
    assert not behind, "run: python manage.py compilemessages"


@pytest.mark.parametrize("domain", DOMAINS)
def test_placeholders_are_kept(domain: str) -> None:
    broken = [
        entry.msgid
        for entry in entries(domain)
        for text in translations(entry)
        if sorted(PLACEHOLDERS.findall(text))
        != sorted(PLACEHOLDERS.findall(entry.msgid_plural or entry.msgid))
    ]
    assert not broken


def words_in_templates() -> set[str]:
    call = re.compile(r"""\{%\s*translate\s+(?:"([^"]+)"|'([^']+)')""")
    found: set[str] = set()
    for path in (ROOT / "templates").rglob("*.html"):
        found |= {one or other for one, other in call.findall(path.read_text())}
    return found


def words_in_scripts() -> set[str]:
    call = re.compile(r"""\b(?:gettext|t)\(\s*"((?:[^"\\]|\\.)+)"\s*[,)]""")
    found: set[str] = set()
    for path in (ROOT / "static" / "js").rglob("*.js"):
        code = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        found |= {text.replace('\\"', '"') for text in call.findall(code)}
    return found


@pytest.mark.parametrize(
    ("domain", "collect"), [("django", words_in_templates), ("djangojs", words_in_scripts)]
)
def test_no_text_was_forgotten(domain: str, collect) -> None:
    used = collect()
    assert len(used) > 40
    assert used - {e.msgid for e in entries(domain)} == set(), "run: python manage.py makemessages"
