"""What the pages promise is there: options, tunes, bands, extras, links."""

import re
import tomllib
from pathlib import Path

import pytest

import shenqu
from shenqu.cli import run
from shenqu.media.styles import packaged_styles

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "README.zh.md")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", READMES)
def test_the_readme_has_every_option_of_sing(name, capsys):
    run(["sing", "--help"])
    options = set(re.findall(r"(?<!\w)--[a-z]+(?:-[a-z]+)*", capsys.readouterr().out))
    assert len(options) > 30
    assert not [option for option in options if f"`{option}`" not in read(name)]


@pytest.mark.parametrize("name", READMES)
def test_the_readme_names_every_tune_band_and_extra(name):
    extras = set(tomllib.loads(read("pyproject.toml"))["project"]["optional-dependencies"]) - {"dev", "bench"}
    wanted = [*extras, *(tune.id for tune in shenqu.tunes()), *packaged_styles()]
    assert not [word for word in wanted if f"`{word}`" not in read(name)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    files = [link.partition("#")[0] for link in links if not link.startswith("http")]
    assert not [file for file in files if file and not (page.parent / file).exists()]
