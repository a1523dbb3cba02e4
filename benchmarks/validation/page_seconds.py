"""Time from upload to result on the web page of `dysfw serve`, in Chromium, and the size of the page.

    python benchmarks/validation/page_seconds.py recipes/dlib.yaml docs/images/phantom.jpg [docs/images/page.png]

Needs Chromium. Writes a screenshot if a third argument is given. Prints the time of the first prediction, which includes
torch's preparations, the median of 20 more, and the same with saliency maps.
"""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

REPEATS = 20


def upload(page: Page, image: str) -> float:
    """Upload an image, and return the time that the page measured, s."""
    page.set_input_files("#files", image)
    page.wait_for_selector(".result[data-milliseconds]")
    return float(page.get_attribute(".result", "data-milliseconds")) / 1000


def show_maps(page: Page) -> float:
    """Request saliency maps, and return the time that the page measured, s."""
    page.eval_on_selector(".result", "(one) => one.removeAttribute('data-milliseconds')")
    page.click(".maps")
    page.wait_for_selector(".result[data-milliseconds]")
    return float(page.get_attribute(".result", "data-milliseconds")) / 1000


def main(recipe: str, image: str, screenshot: str | None = None) -> None:
    command = [str(Path(sys.executable).parent / "dysfw"), "serve", recipe, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:  # noqa: S603
        address = re.search(r"at (\S+)", server.stdout.readline())[1]
        with sync_playwright() as playwright:
            chromium = shutil.which("chromium") or shutil.which("google-chrome")
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(viewport={"width": 1200, "height": 1340})
            sizes = []
            page.on("response", lambda response: sizes.append(len(response.body())) if response.status == 200 else None)
            page.goto(address)
            page.wait_for_load_state("networkidle")
            print(f"page: {sum(sizes):,} bytes in {len(sizes)} files")
            times, map_times = [], []
            for _ in range(REPEATS + 1):
                times.append(upload(page, image))
                map_times.append(show_maps(page))
                if screenshot and len(map_times) == 1:
                    page.screenshot(path=screenshot)
                page.click(".remove")
            print(f"first result {times[0]:.2f} s, then {statistics.median(times[1:]):.2f} s (at most {max(times[1:]):.2f})")
            print(f"saliency maps {statistics.median(map_times[1:]):.2f} s (at most {max(map_times[1:]):.2f})")
            browser.close()
        server.terminate()


if __name__ == "__main__":
    if len(sys.argv) not in {3, 4}:
        sys.exit(__doc__)
    main(*sys.argv[1:])
