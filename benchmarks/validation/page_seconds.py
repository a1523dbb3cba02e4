"""From dropping a photograph on the page of `dysfw serve` to its answer, in Chromium, and what the page weighs.

    python benchmarks/validation/page_seconds.py recipes/dlib.yaml docs/images/phantom.jpg [docs/images/page.png]

Needs Chromium. Draws the page where a picture is named. Prints the first time, which includes what torch prepares, the median
of 20 more, and the same with heat maps.
"""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

TIMES = 20


def dropped(page: Page, image: str) -> float:
    """Seconds, as the page itself counts them."""
    page.set_input_files("#files", image)
    page.wait_for_selector(".result[data-milliseconds]")
    return float(page.get_attribute(".result", "data-milliseconds")) / 1000


def mapped(page: Page) -> float:
    page.eval_on_selector(".result", "(one) => one.removeAttribute('data-milliseconds')")
    page.click(".maps")
    page.wait_for_selector(".result[data-milliseconds]")
    return float(page.get_attribute(".result", "data-milliseconds")) / 1000


def main(recipe: str, image: str, screenshot: str | None = None) -> None:
    command = [str(Path(sys.executable).parent / "dysfw"), "serve", recipe, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        address = re.search(r"at (\S+)", server.stdout.readline())[1]
        with sync_playwright() as playwright:
            chromium = shutil.which("chromium") or shutil.which("google-chrome")
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(viewport={"width": 1200, "height": 1340})
            weights = []
            page.on("response", lambda answer: weights.append(len(answer.body())) if answer.status == 200 else None)
            page.goto(address)
            page.wait_for_load_state("networkidle")
            print(f"the page: {sum(weights):,} bytes in {len(weights)} parts")
            taken, maps = [], []
            for _ in range(TIMES + 1):
                taken.append(dropped(page, image))
                maps.append(mapped(page))
                if image and len(maps) == 1:
                    page.screenshot(path=image)
                page.click(".remove")
            print(f"first answer {taken[0]:.2f} s, then {statistics.median(taken[1:]):.2f} s (at most {max(taken[1:]):.2f})")
            print(f"with heat maps {statistics.median(maps[1:]):.2f} s (at most {max(maps[1:]):.2f})")
            browser.close()
        server.terminate()


if __name__ == "__main__":
    if len(sys.argv) not in {3, 4}:
        sys.exit(__doc__)
    main(*sys.argv[1:])
