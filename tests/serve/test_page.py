"""The web page in Chromium. Skipped if Chromium is not installed."""

import shutil
import sys

import pytest
from PIL import Image as Pillow

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")]
RED, GREEN = (200, 40, 40), (40, 160, 40)
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(browser, server):
    """The page, opened with the token. Any message in the browser's console fails the test."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.set_default_timeout(15_000)
    messages, requests = [], []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(f"{server.url}/?token=the-right-token")
    yield page
    page.close()
    assert [text for text in messages if "422" not in text] == []
    assert {
        url for url in requests if not url.startswith((server.url, f"blob:{server.url}", "data:image/jpeg;base64,"))
    } == set()


def results(page) -> list[str]:
    page.wait_for_selector("#results[aria-busy=false]")
    return [one.inner_text() for one in page.query_selector_all(".result .dysfw h2, .result > .problem")]


def test_a_photo_is_added_and_predicted(page, paint):
    page.set_input_files("#files", paint("a.png", RED))
    assert results(page) == ["a.png"]
    assert "red ranks first" in page.text_content("#status")
    assert page.url.endswith("/")  # the token is not in it
    assert page.locator(".result image").get_attribute("href").startswith("data:image/jpeg;base64,")
    assert "Research use only" in page.text_content("header")
    assert page.locator("polygon").count() == 2
    page.uncheck(".show-outlines")
    assert not page.locator("polygon").first.is_visible()
    page.locator("summary").nth(1).click()  # the second condition's regions
    assert page.locator("details").nth(1).locator("table").is_visible()


SEND_FILE = """([content, name, event]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(content)], name, {type: "image/png"}));
    const how = {bubbles: true, cancelable: true};
    document.dispatchEvent(event === "drop" ? new DragEvent("drop", {dataTransfer: transfer, ...how})
        : new ClipboardEvent("paste", {clipboardData: transfer, ...how}));
}"""


def test_photos_can_be_dropped_and_pasted(page, paint):
    content = list(paint("dragged.png", RED).read_bytes())
    page.evaluate(SEND_FILE, [content, "dragged.png", "drop"])
    assert results(page) == ["dragged.png"]
    page.evaluate(SEND_FILE, [content, "pasted.png", "paste"])
    assert results(page) == ["dragged.png", "pasted.png"]


def test_heat_maps_are_drawn_at_the_region(page, paint):
    page.set_input_files("#files", paint("a.png", RED))
    results(page)
    page.get_by_role("button", name="Heat maps for a.png").click()
    page.wait_for_selector(".show-heat")
    face = page.locator(".face svg").bounding_box()
    assert page.locator(".heat rect").count() > 0
    for place in (cell.bounding_box() for cell in page.locator(".heat rect").all()[:20]):
        assert face["x"] - 40 <= place["x"] <= face["x"] + face["width"] + 40


def test_photos_of_one_patient_are_side_by_side_below_the_patient(page, paint):
    page.check("#one-patient")
    page.fill("#patient", "P-17")
    page.set_input_files("#files", [paint("a.png", RED), paint("b.png", RED, seed=3)])
    page.wait_for_selector(".patient .dysfw")
    assert results(page) == ["P-17", "a.png", "b.png"]
    one, other = (page.locator(".result.single").nth(n).bounding_box() for n in range(2))
    assert one["y"] == other["y"]
    assert one["x"] < other["x"]
    page.get_by_role("button", name="Remove b.png").click()
    assert results(page) == ["a.png"]


def test_the_selected_face_is_used_for_the_patient_too(page, server, paint):
    page.evaluate(
        """() => { window.faces = []; const send = window.fetch; window.fetch = (address, how) => {
        window.faces.push(how.body.get("face")); return send(address, how); } }"""
    )
    page.set_input_files("#files", [paint("face 1 of 9.png", RED), paint("b.png", RED, seed=3)])
    page.wait_for_selector(".result:nth-child(2) .dysfw")
    results(page)
    assert page.locator(".faces:visible").count() == 0  # one face, despite the file's name
    page.evaluate("document.querySelector('.which').add(new Option('1 of 1', '0'))")
    page.eval_on_selector(".which", "(one) => { one.value = '0'; one.dispatchEvent(new Event('change')); }")
    results(page)
    page.check("#one-patient")
    page.wait_for_selector(".patient .dysfw")
    assert page.evaluate("window.faces.at(-1)") == "0,"


def test_a_photo_is_shown_as_it_was_processed(page, paint, tmp_path):
    with Pillow.open(paint("a.png", RED, size=(96, 64))) as one:
        one.save(tmp_path / "a.tiff")
        exif = Pillow.Exif()
        exif[0x0112] = 8
        one.save(tmp_path / "rotated.webp", exif=exif, lossless=True)
    page.set_input_files("#files", [tmp_path / "a.tiff", tmp_path / "rotated.webp"])
    page.wait_for_selector(".result:nth-child(2) .dysfw")
    for n in range(2):
        image = page.locator(".result image").nth(n)
        size = page.evaluate(
            """async (address) => { const one = new Image(); one.src = address; await one.decode();
            return [one.naturalWidth, one.naturalHeight]; }""",
            image.get_attribute("href"),
        )
        assert size == [round(float(image.get_attribute(side))) for side in ("width", "height")]


def test_keyboard_focus_is_kept(page, paint):
    page.set_input_files("#files", paint("a.png", RED))
    results(page)
    page.get_by_role("button", name="Heat maps for a.png").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".show-heat")
    results(page)
    assert page.evaluate("document.activeElement.className") == "maps"


def test_one_photo_of_a_patient_is_not_enough(page, paint):
    page.check("#one-patient")
    page.set_input_files("#files", paint("a.png", RED))
    page.wait_for_selector("#status:has-text('Add another photo')")


def test_results_are_downloaded(page, paint, tmp_path):
    page.set_input_files("#files", paint("a.png", RED))
    results(page)
    for kind, beginning in [("json", b'{"predictions"'), ("phenopacket", b'{"id"'), ("pdf", b"%PDF")]:
        with page.expect_download() as download:
            page.locator(f".save[data-format={kind}]").click()
        download.value.save_as(tmp_path / kind)
        assert (tmp_path / kind).read_bytes().startswith(beginning)
        assert download.value.suggested_filename.startswith("a.")


def test_an_invalid_photo_is_reported_in_its_place(page, paint, tmp_path):
    (tmp_path / "<b>text.jpg").write_text("not an image")
    page.set_input_files("#files", [tmp_path / "<b>text.jpg", paint("a.png", RED)])
    page.wait_for_selector(".result:nth-child(2) .dysfw")
    assert results(page) == ["<b>text.jpg", "a.png"]
    first = page.locator(".result").first
    assert "no prediction: a text file, not an image" in first.inner_text()
    assert first.locator("button").all_inner_texts() == ["Remove"]


def test_the_selected_condition_is_explained(page, paint):
    page.set_input_files("#files", paint("a.png", RED))
    results(page)
    page.get_by_role("button", name="Heat maps for a.png").click()
    page.wait_for_selector(".show-heat")
    page.select_option("#why", "sand")
    page.wait_for_selector(".face label:has-text('sand')")


def test_all_controls_have_names_and_work_by_keyboard(page, paint):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to results"
    page.set_input_files("#files", paint("a.png", RED))
    results(page)
    unnamed = page.evaluate(
        """[...document.querySelectorAll("button, input, select, a, svg[role=img]")].filter((one) =>
        !(one.textContent.trim() || one.getAttribute("aria-label") || (one.labels && one.labels.length))).length"""
    )
    assert unnamed == 0
    assert page.get_attribute("#status", "aria-live") == "polite"
    assert page.evaluate("document.documentElement.lang") == "en"
    names = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(names) == len(set(names))
    page.locator("summary").nth(1).focus()
    page.keyboard.press("Enter")
    assert page.locator("details").nth(1).get_attribute("open") is not None


CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgb = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const low = [];
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || !one.checkVisibility() || one.closest("svg, select, .hidden, .skip")) continue;
    let behind = one;
    while (behind && rgb(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
    const paper = getComputedStyle(behind || document.body).backgroundColor;
    const [a, b] = [light(rgb(getComputedStyle(one).color)), light(rgb(paper))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(`${one.textContent.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return low;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_and_width_on_a_phone(page, paint, scheme):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 360, "height": 780})
    page.check("#one-patient")
    page.set_input_files("#files", [paint("a-rather-long-name-of-a-photo.png", RED), paint("b.png", GREEN, seed=3)])
    page.wait_for_selector(".patient .dysfw")
    results(page)
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    small = page.evaluate(
        "[...document.querySelectorAll('button, summary, select')].filter((one) => one.checkVisibility() "
        "&& one.getBoundingClientRect().height < 24).length"
    )
    assert small == 0  # WCAG 2.2, target size


def test_the_login_page_asks_for_the_token(browser, server):
    page = browser.new_page()
    page.goto(server.url)
    page.fill("#token", "wrong")
    page.click("button")
    assert "Wrong token" in page.text_content("main")
    page.fill("#token", "the-right-token")
    page.click("button")
    page.wait_for_selector("#drop")
    page.close()


def test_a_page_of_another_origin_gets_nothing(browser, server, tmp_path):
    """No prediction is made, even though the browser has the cookie."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{server.url}/?token=the-right-token")
    page.wait_for_selector("#drop")
    page.goto("data:text/html,<p>elsewhere")
    status = page.evaluate(
        f"fetch('{server.url}/v1/predictions', {{method: 'POST', body: new FormData(), credentials: 'include'}})"
        ".then((answer) => answer.status, (error) => 'refused')"
    )
    assert status == "refused"
    metrics = server.get("/metrics").text
    assert 'path="/v1/predictions",status="200"' not in metrics
    context.close()


def test_the_page_is_small(page, server):
    """The bytes of a first visit."""
    size = sum(
        len(server.get(path).content) for path in ("/", "/assets/page.js", "/assets/page.css", "/card.css", "/assets/icon.svg")
    )
    sys.stdout.write(f"the page has {size:,} bytes\n")
    assert size < 40_000
