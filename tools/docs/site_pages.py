"""Hooks of mkdocs: files outside docs/ become pages of the site, and links between all of them lead where they should.

On a forge a page links to any file of the repository. The site has the Markdown of plugins and of the top folder as pages of
its own, and all recipes on one; a link to any other file becomes its text alone.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
FOREIGN_WORKER = "https://unpkg.com/iframe-worker/shim"
SHIPPED = "reference/shipped-recipes.md"
# A picture or a link to somewhere in the repository.
LINK = re.compile(r"(?P<picture>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s#]+)(?P<anchor>#[^)\s]*)?\)")


def origins() -> dict[str, str]:
    """Pages that come from outside docs/: their name in the site, and their file in the repository."""
    tops = {f"project/{name.lower()}.md": f"{name}.md" for name in ("CONTRIBUTING", "CHANGELOG", "SECURITY")}
    readmes = sorted((ROOT / "plugins").glob("*/README.md"))
    return tops | {f"reference/plugins/{file.parent.name}.md": str(file.relative_to(ROOT)) for file in readmes}


def shipped_recipes() -> str:
    """A page with every recipe of the repository."""
    parts = ["# The recipes that come along", "As they lie in the folder `recipes`."]
    for file in sorted((ROOT / "recipes").glob("*.yaml")):
        parts += [f"## {file.name} {{ #{file.stem} }}", f"```yaml\n{file.read_text('utf-8').rstrip()}\n```"]
    return "\n\n".join(parts) + "\n"


def on_files(files: Files, config: Any) -> Files:  # noqa: ANN401  # mkdocs has no stable type for it
    for page, file in origins().items():
        files.append(File.generated(config, page, content=(ROOT / file).read_text("utf-8")))
    files.append(File.generated(config, SHIPPED, content=shipped_recipes()))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:  # noqa: ANN401
    return relinked(markdown, page.file.src_uri)


def relinked(markdown: str, page: str) -> str:
    """The page with links for the site. page: its name in the site."""
    file = origins().get(page, f"docs/{page}")

    def link(found: re.Match[str]) -> str:
        target, anchor = found["target"], found["anchor"] or ""
        if "://" in target:
            return found[0]
        aim = place_of(posixpath.normpath(posixpath.join(posixpath.dirname(file), target)))
        if aim is None:
            return found["text"]
        name, own = aim
        return f"{found['picture']}[{found['text']}]({posixpath.relpath(name, posixpath.dirname(page))}{anchor or own})"

    parts = re.split(r"(^ *```.*?^ *```$)", markdown, flags=re.MULTILINE | re.DOTALL)  # every second one is code
    return "".join(part if number % 2 else LINK.sub(link, part) for number, part in enumerate(parts))


def place_of(file: str) -> tuple[str, str] | None:
    """Where a file of the repository is in the site: page and anchor. None: it is not there."""
    if file == "README.md":
        return "index.md", ""
    if file.startswith("docs/") and not file.startswith("tools/docs"):
        return file.removeprefix("docs/"), ""
    if file.startswith("recipes/"):
        return SHIPPED, f"#{Path(file).stem}"
    pages = {origin: page for page, origin in origins().items()}
    page = pages.get(file) or pages.get(f"{file}/README.md")
    return (page, "") if page else None


def on_post_template(output_content: str, template_name: str, config: Any) -> str:  # noqa: ANN401
    """404.html."""
    return output_content.replace(FOREIGN_WORKER, "search.js")


def on_post_page(output: str, page: Any, config: Any) -> str:  # noqa: ANN401
    """The theme's `offline` plugin takes the search's replacement for workers from another site; here it comes along."""
    return output.replace(FOREIGN_WORKER, posixpath.relpath("search.js", posixpath.dirname(page.url) or "."))
