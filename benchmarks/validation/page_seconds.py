"""Times the page of `dysfw serve` in Chromium: from opening to answers, with and without signs; and the size of the page.

    python benchmarks/validation/page_seconds.py recipes/dlib.yaml docs/images/phantom.jpg [docs/images/page.png]

Needs Chromium. Writes a screenshot if a third argument is given. Times are from the action of the user to the change on the
screen; except for the first ones, each is the median of 20, with the longest in parentheses.
"""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

REPEATS = 20
SIGNS = ("synophr", "long philtrum", "thin upper lip", "ptosis", "hypertelorism")


@contextmanager
def serving(recipe: str) -> Iterator[str]:
    """Start a server, and yield its address."""
    command = [str(Path(sys.executable).parent / "dysfw"), "serve", recipe, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:  # noqa: S603
        try:
            yield re.search(r"at (\S+)", server.stdout.readline())[1]
        finally:
            server.terminate()


def timed(act: Callable[[], object], page: Page, condition: str) -> float:
    """Act, and return the time until a condition in JavaScript holds, s. The page's policy forbids to wait in the page."""
    started = time.perf_counter()
    act()
    while not page.evaluate(condition):
        time.sleep(0.002)
    return time.perf_counter() - started


def upload(page: Page, image: str) -> float:
    answered = "Boolean(document.querySelector('.overview h2')) && document.getElementById('results').ariaBusy === 'false'"
    return timed(lambda: page.set_input_files("#files", image), page, answered)


def search(page: Page, text: str) -> float:
    """The time to an answer to the last letter of a text. The page waits 80 ms for the next letter."""
    return timed(lambda: page.fill("#sign", text), page, "!document.getElementById('sign-list').hidden")


def add_sign(page: Page, number: int) -> float:
    """Add the sign that was searched for: the time until the result reflects it."""
    shown = (
        f"document.querySelectorAll('#signs li').length === {number} && document.getElementById('results').ariaBusy === 'false'"
    )
    seconds = timed(lambda: page.keyboard.press("Enter"), page, shown)
    page.evaluate("document.getElementById('sign-list').hidden = true")
    return seconds


def show_maps(page: Page) -> float:
    page.click("#tab-photos")
    return timed(lambda: page.click(".photo-view button"), page, "Boolean(document.querySelector('.heat rect'))")


def summary(times: list[float]) -> str:
    return f"{statistics.median(times):.2f} s ({max(times):.2f})"


def measure(page: Page, image: str, screenshot: str | None) -> None:
    answers, searches, changes, maps = [], [], [], []
    for turn in range(REPEATS + 1):
        answers.append(upload(page, image))
        if turn < REPEATS // len(SIGNS):
            for number, sign in enumerate(SIGNS, 1):
                searches.append(search(page, sign))
                changes.append(add_sign(page, number))
        if screenshot and turn == 0:
            page.wait_for_timeout(5000)  # typical faces are drawn
            page.screenshot(path=screenshot, clip={"x": 0, "y": 0, "width": 1280, "height": 1180}, full_page=True)
        maps.append(show_maps(page))
        page.click("#new-patient")
        page.wait_for_selector(".guide")
    print(f"photo to answer: the first {answers[0]:.2f} s, then {summary(answers[1:])}")
    print(f"letters to matching signs: {summary(searches)}")
    print(f"another sign to answer: {summary(changes)}")
    print(f"heat map: {summary(maps)}")


def main(recipe: str, image: str, screenshot: str | None = None) -> None:
    with serving(recipe) as address, sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        sizes: list[int] = []
        page.on("response", lambda response: sizes.append(len(response.body())) if response.status == 200 else None)
        seconds = timed(lambda: page.goto(address), page, "Boolean(document.querySelector('.guide'))")
        page.wait_for_load_state("networkidle")
        print(f"page: {sum(sizes):,} bytes in {len(sizes)} files, opened in {seconds:.2f} s")
        measure(page, image, screenshot)
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) not in {3, 4}:
        sys.exit(__doc__)
    main(*sys.argv[1:])
