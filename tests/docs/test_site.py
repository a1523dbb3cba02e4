"""The documentation as a site: complete, without a broken link, and loading nothing from elsewhere."""

import os
import re
import runpy
import subprocess
import sys
from html.parser import HTMLParser

import pytest
import yaml
from written_pages import ROOT

LOADING = {
    "script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "video": "src", "object": "data",
}  # fmt: skip
FIGURES = ROOT / "tools" / "docs" / "figures.py"


class Loads(HTMLParser):
    """Addresses of what a page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag in LOADING and LOADING[tag] in given and given.get("rel") not in ("canonical", "next", "prev"):
            self.found.append(given[LOADING[tag]] or "")
        self.found += re.findall(r"url\(([^)]*)\)", given.get("style") or "")


@pytest.fixture(scope="module")
def fake_plugins(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    ran = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder], cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return folder


def test_no_page_loads_anything_from_elsewhere(fake_plugins):
    for page in fake_plugins.rglob("*.html"):
        loads = Loads()
        loads.feed(page.read_text())
        assert loads.found
        assert not [address for address in loads.found if re.match(r"(https?:)?//", address)], page
    for style in fake_plugins.rglob("*.css"):
        assert not re.search(r"url\(\s*['\"]?(https?:)?//|@import", style.read_text()), style


def test_every_page_is_in_the_navigation(fake_plugins):
    nav = yaml.safe_load(re.sub(r"!!python\S+", "", (ROOT / "mkdocs.yml").read_text()))["nav"]

    def names(entry):
        if isinstance(entry, str):
            yield entry
        else:
            for one in entry.values() if isinstance(entry, dict) else entry:
                yield from names(one)

    listed = {name.replace(".md", ".html") for name in names(nav)}
    assert {str(page.relative_to(fake_plugins)) for page in fake_plugins.rglob("*.html")} - {"404.html"} == listed


def test_search_is_written_for_pages_opened_as_files(fake_plugins):
    assert "var __index" in (fake_plugins / "search" / "search_index.js").read_text()[:100]
    assert 'src="search.js"' in (fake_plugins / "index.html").read_text()


def test_pictures_are_drawn_by_commands_that_the_text_names():
    text = " ".join(" ".join(page.read_text() for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]).split())
    for image, command, _ in runpy.run_path(str(FIGURES))["FIGURES"]:
        assert command in text or command in (ROOT / "docs" / "images" / "phantom.yaml").read_text(), command
        assert (ROOT / "docs" / "images" / image).is_file()
