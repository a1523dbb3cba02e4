"""The web page in Chromium. Skipped if Chromium is not installed."""

import json
import shutil
import sys
import time
from pathlib import Path

import pytest
from PIL import Image as Pillow

from dysfw.knowledge.load import Knowledge

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")]
RED, GREEN = (200, 40, 40), (40, 160, 40)
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]  # fmt: skip
ASSETS = Path(__file__).parents[2] / "dysfw/serve/assets"


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def ontology():
    lookup = pytest.importorskip("dysfw_hpo.lookup.lookup").HpoLookup()
    lookup.load()
    return lookup


@pytest.fixture
def server(serving, ontology):
    return serving(knowledge=Knowledge(ontology))


@pytest.fixture
def open_page(browser, serving):  # pages close before the server stops, which would answer them with 503
    """``open_page(server)`` opens the page with the token. Any message in the browser's console fails the test."""
    opened = []

    def open_page(server, **context):
        page = browser.new_context(**({"viewport": {"width": 1300, "height": 900}} | context)).new_page()
        page.set_default_timeout(15_000)
        messages, requests = [], []
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        opened.append((page, messages, requests, server.url))
        page.goto(f"{server.url}/?token=the-right-token")
        page.wait_for_selector(".guide")
        return page

    yield open_page
    for page, messages, requests, url in opened:
        page.context.close()
        assert [text for text in messages if "status of 4" not in text and "net::ERR_" not in text] == []
        assert {one for one in requests if not one.startswith((url, f"blob:{url}"))} == set()


@pytest.fixture
def page(open_page, server):
    return open_page(server)


def wait_until_done(page) -> None:
    page.wait_for_selector("#results[aria-busy=false]")


def until(page, condition: str) -> None:
    """Wait for a condition in JavaScript; the page's policy forbids Playwright's own way."""
    ends = time.monotonic() + 60
    while not page.evaluate(condition):
        assert time.monotonic() < ends, condition
        page.wait_for_timeout(50)


def add(page, *paths) -> None:
    page.set_input_files("#files", list(paths))
    until(page, f"document.querySelectorAll('#photos .ready, #photos .failed').length >= {len(paths)}")
    wait_until_done(page)


def add_sign(page, text: str, status: str = "observed") -> None:
    page.fill("#sign", text)
    page.wait_for_selector(f"#sign-list li .name:text-is('{text}')")
    page.keyboard.press("Enter" if status == "observed" else "Shift+Enter")
    page.wait_for_selector(f"#signs .name:has-text('{text}')")
    wait_until_done(page)


def photos(page) -> list[str]:
    return page.locator("#photos .name").all_inner_texts()


def first(page) -> str:
    return page.locator(".overview h2 bdi").inner_text()


def test_a_photo_is_added_and_predicted(page, paint):
    add(page, paint("a.png", RED))
    assert first(page) == "Red syndrome"
    assert "Red syndrome ranks first" in page.text_content("#status")
    assert page.url.endswith("/")  # the token is not in it
    assert "Research use only" in page.text_content("header")
    assert "chance" in page.locator(".overview").inner_text()
    page.locator(".ranking summary").nth(1).click()
    page.locator(".ranking details").nth(1).locator(".reasons table").wait_for()  # it is filled when it has opened
    page.click("#tab-photos")
    assert page.locator("polygon").count() == 2
    page.uncheck("text=region outlines")
    assert page.locator("polygon").count() == 0


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
    page.evaluate(SEND_FILE, [content, "pasted.png", "paste"])
    page.wait_for_selector("#photos .ready:nth-child(2)")
    assert photos(page) == ["dragged.png", "pasted.png"]


def test_forty_photos_are_queued_and_all_used(page, paint):
    paths = [paint(f"{number:02}.png", RED, seed=number, size=(48, 48)) for number in range(40)]
    page.set_input_files("#files", paths)
    page.wait_for_selector("#queue-text:has-text('of 40 photos')")
    until(page, "document.querySelectorAll('#photos .ready').length === 40")
    page.wait_for_selector("#tab-photos:has-text('Photos (40)')")
    wait_until_done(page)
    assert not page.locator("#queue").is_visible()
    assert first(page) == "Red syndrome"


def test_photos_of_different_people_are_predicted_one_by_one(page, paint):
    add(page, paint("red.png", RED), paint("green.png", GREEN, seed=3))
    page.check("text=different people")
    wait_until_done(page)
    assert not page.locator("#signs-part").is_visible()
    page.get_by_role("button", name="green.png", exact=True).click()
    page.wait_for_selector(".overview .lead:has-text('green.png')")
    assert first(page) == "green"
    page.get_by_role("button", name="red.png", exact=True).click()
    page.wait_for_selector(".overview .lead:has-text('red.png')")
    assert first(page) == "Red syndrome"


def test_heat_maps_are_drawn_at_the_region_and_computed_once(page, paint):
    add(page, paint("a.png", RED))
    page.click("#tab-photos")
    page.get_by_role("button", name="Heat map of a.png").click()
    page.wait_for_selector(".heat rect", state="attached")
    face = page.locator(".photo-view svg.face").bounding_box()
    for place in (cell.bounding_box() for cell in page.locator(".heat rect").all()[:20]):
        assert face["x"] - 40 <= place["x"] <= face["x"] + face["width"] + 40
    assert page.get_by_role("button", name="Heat map of a.png").count() == 0


def test_signs_are_found_by_a_few_letters_and_by_keyboard(page):
    page.focus("#sign")
    page.keyboard.type("bushy eyebr")
    page.wait_for_selector("#sign-list li:has-text('Thick eyebrow')")
    assert page.get_attribute("#sign", "aria-expanded") == "true"
    assert page.get_attribute("#sign", "aria-activedescendant") == "option-0"
    page.keyboard.press("Enter")
    page.wait_for_selector("#signs .sign.observed:has-text('Thick eyebrow')")
    assert not page.locator("#sign-list").is_visible()
    page.keyboard.type("no such sign at all")
    page.wait_for_selector("#sign-list:has-text('No sign has this name')")
    page.keyboard.press("Escape")
    assert not page.locator("#sign-list").is_visible()
    page.get_by_role("button", name="Thick eyebrow: observed; change to excluded").click()
    page.wait_for_selector("#signs .sign.excluded")


def test_signs_without_a_photo_rank_all_diseases(page):
    add_sign(page, "Synophrys")
    add_sign(page, "Long philtrum")
    page.wait_for_selector("#panel .ranking")
    assert "10,533" not in page.locator("#tab-diseases").inner_text()
    page.locator("#panel .ranking summary").first.click()
    page.wait_for_selector("#panel .signlist.for li:has-text('Synophrys')")
    assert (
        page.locator("#panel .links a").first.get_attribute("href").startswith(("https://omim.org/", "https://www.orpha.net/"))
    )
    assert page.locator("#panel .links a").first.get_attribute("rel") == "noopener noreferrer"


def test_a_sign_of_a_disease_can_be_recorded_where_it_is_listed(page):
    add_sign(page, "Synophrys")
    page.wait_for_selector("#panel .ranking")
    page.locator("#panel .ranking summary").first.click()
    row = page.locator("#panel .body .signlist.open li").first
    name = row.locator("a").inner_text()
    row.get_by_role("button", name="excluded").click()
    page.wait_for_selector(f"#signs .sign.excluded:has-text({name!r})")


def test_signs_that_a_model_does_not_read_are_explained(page, paint):
    add(page, paint("a.png", RED))
    add_sign(page, "Synophrys")
    assert "photos alone" in page.locator("#panel .note").inner_text()


def test_a_contradiction_is_reported(page, paint):
    add(page, paint("a.png", RED))
    add_sign(page, "Thick eyebrow", "excluded")
    add_sign(page, "Synophrys")
    add_sign(page, "Abnormal eyebrow morphology", "excluded")
    page.wait_for_selector(".overview .warning:has-text('Abnormal eyebrow morphology')")


def test_a_phenopacket_fills_in_the_patient(page, tmp_path):
    path = tmp_path / "patient.json"
    path.write_text(
        '{"id": "x", "subject": {"id": "P", "sex": "FEMALE", "timeAtLastEncounter": {"age": {"iso8601duration": "P3Y6M"}}},'
        ' "phenotypicFeatures": [{"type": {"id": "HP:0000664", "label": "Synophrys"}},'
        ' {"type": {"id": "HP:0000508", "label": "Ptosis"}, "excluded": true}],'
        ' "metaData": {"created": "2026-01-01T00:00:00Z", "createdBy": "x", "resources": [],'
        ' "phenopacketSchemaVersion": "2.0"}}'
    )
    page.set_input_files("#record-file", path)
    page.wait_for_selector("#signs .excluded:has-text('Ptosis')")
    assert page.locator("#signs .observed").inner_text().startswith("observed")
    assert page.input_value("#sex") == "female"
    assert page.input_value("#age")
    path.write_text("[1, 2]")
    page.set_input_files("#record-file", path)
    page.wait_for_selector("#status.error:has-text('patient.json')")


def test_a_wrong_age_is_reported_beside_it(page):
    page.fill("#age", "old")
    page.keyboard.press("Tab")
    page.wait_for_selector("#age-problem:has-text('old')")
    assert page.get_attribute("#age", "aria-invalid") == "true"
    page.fill("#age", "3y 6m")
    page.keyboard.press("Tab")
    page.wait_for_selector("#age-problem", state="hidden")


def test_everything_can_be_undone(page, paint):
    add(page, paint("a.png", RED))
    add_sign(page, "Synophrys")
    page.get_by_role("button", name="Remove a.png").click()
    page.wait_for_selector("#photos:not(:has(li))", state="attached")
    page.keyboard.press("Control+z")
    page.wait_for_selector("#photos .ready")  # it was sent again
    page.click("#new-patient")
    page.wait_for_selector(".guide")
    assert page.locator("#signs li").count() == 0
    page.click("#undo")
    page.wait_for_selector(".overview h2")
    assert page.locator("#signs li").count() == 1


def test_a_session_survives_a_reload_only_if_that_is_switched_on(page, paint):
    add(page, paint("a.png", RED))
    page.reload()
    page.wait_for_selector(".guide")
    page.click("text=Keep or wipe")
    page.check("#keep")
    add(page, paint("b.png", RED))
    add_sign(page, "Synophrys")
    until(page, "indexedDB.databases().then((all) => all.length === 1)")
    page.wait_for_timeout(600)  # the time after which changes are written
    page.reload()
    page.wait_for_selector("#photos .ready")
    assert photos(page) == ["b.png"]
    assert page.locator("#signs li").count() == 1
    page.click("text=Keep or wipe")
    page.click("#wipe")
    page.wait_for_selector(".guide")
    page.reload()
    page.wait_for_selector(".guide")


def test_each_sign_is_observed_or_excluded_by_a_choice_of_its_own(page):
    page.fill("#sign", "ptosis")
    page.locator("#sign-list li:has(.name:text-is('Ptosis')) [data-status=excluded]").click()
    page.wait_for_selector("#signs .sign.excluded:has-text('Ptosis')")
    page.fill("#sign", "synophrys")
    page.locator("#sign-list li .name:text-is('Synophrys')").click()
    page.wait_for_selector("#signs .sign.observed:has-text('Synophrys')")


def test_the_undo_of_a_message_is_that_of_its_step(page):
    add_sign(page, "Ptosis", "excluded")
    page.get_by_role("button", name="Remove Ptosis").click()
    page.wait_for_selector("#toast:has-text('Removed Ptosis')")
    add_sign(page, "Long philtrum")
    assert not page.locator("#toast").is_visible()


def test_two_tabs_have_sessions_of_their_own(page, open_page, server, paint):
    other = page.context.new_page()
    other.goto(server.url)
    other.wait_for_selector(".guide")
    add(page, paint("a.png", RED))
    add(other, paint("b.png", GREEN, seed=3))
    assert (first(page), first(other)) == ("Red syndrome", "green")
    other.close()


def test_photos_are_sent_again_after_the_server_forgot_them(page, server, paint):
    add(page, paint("a.png", RED))
    kept = page.evaluate("document.querySelector('#photos img').getAttribute('src').split('/')[3]")
    assert server.send("DELETE", f"/v1/images/{kept}").status_code == 204
    add_sign(page, "Synophrys")
    until(page, f"!document.querySelector('#photos img').getAttribute('src').includes('{kept}')")
    assert first(page) == "Red syndrome"


def test_a_server_that_stopped_is_reported_and_nothing_is_lost(page, serving, paint):
    add(page, paint("a.png", RED))
    serving.stop()
    page.select_option("#sex", "male")
    page.wait_for_selector("#status.error:has-text('does not respond')")
    assert photos(page) == ["a.png"]
    assert first(page) == "Red syndrome"
    assert "Not the result of what you entered last" in page.locator(".overview.doubtful").inner_text()
    assert page.locator(".save").count() == 0  # a file would hold other numbers than the screen


def test_a_result_that_failed_can_be_asked_for_again(page, paint):
    add(page, paint("a.png", RED))
    page.route("**/v1/predictions", lambda route: route.abort())
    page.select_option("#sex", "male")
    page.wait_for_selector("[data-focus=try-again]")
    page.unroute("**/v1/predictions")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(".save")
    assert "Not the result" not in page.locator(".overview").inner_text()


def test_photos_that_are_sent_again_while_the_user_goes_on_are_all_used(page, server, paint):
    add(page, paint("a.png", RED), paint("b.png", RED, seed=3))
    for image in page.evaluate(
        "[...document.querySelectorAll('#photos img')].map((one) => one.getAttribute('src').split('/')[3])"
    ):
        server.send("DELETE", f"/v1/images/{image}")
    page.route("**/v1/images", lambda route: (time.sleep(0.7), route.continue_()))
    add_sign(page, "Synophrys")
    add_sign(page, "Long philtrum")
    page.unroute("**/v1/images")
    page.wait_for_selector(".overview:has(.save) :text('2 of 2 photos used')")
    page.wait_for_selector("#tab-photos:has-text('Photos (2)')")
    with page.expect_download() as download:
        page.locator(".save [data-format=json]").click()
    assert len(json.loads(Path(download.value.path()).read_text("utf-8"))["predictions"]) == 2


def test_photos_that_the_server_has_no_room_for_are_named(open_page, serving, ontology, paint):
    page = open_page(serving(knowledge=Knowledge(ontology), keep_memory=40_000))
    page.set_input_files("#files", [paint(f"{n}.png", RED, seed=n, size=(64, 64)) for n in range(6)])
    page.wait_for_selector("#photos .failed:has-text('no room')", timeout=60_000)
    page.wait_for_selector(".overview h2")
    wait_until_done(page)
    assert page.locator("#photos .ready").count() >= 1


def test_enter_never_adds_the_sign_of_an_earlier_text(page):
    page.focus("#sign")
    page.keyboard.type("ptosis")
    page.wait_for_selector("#sign-list li:has-text('Ptosis')")
    page.keyboard.press("Control+a")
    page.keyboard.type("seizure")
    page.keyboard.press("Enter")
    page.wait_for_selector("#signs .sign:has-text('Seizure')")
    page.keyboard.type("cleft")
    page.wait_for_selector("#sign-list li")
    page.keyboard.type(" pal")
    page.keyboard.press("Enter")
    page.wait_for_selector("#sign-list li .name:text-is('Cleft palate')")
    assert page.locator("#signs li").count() == 1  # it is no whole name, so the list is shown


def test_an_invalid_age_is_not_used_and_the_former_neither(page):
    page.fill("#age", "3y")
    page.keyboard.press("Tab")
    until(page, "document.getElementById('age').value !== '3y' || !document.getElementById('undo').disabled")
    page.fill("#age", "abc")
    page.keyboard.press("Tab")
    page.wait_for_selector("#age-problem:has-text('abc')")
    assert page.input_value("#age") == "abc"
    assert "age" in page.get_attribute("#undo", "title")


def test_switching_off_keeps_what_other_tabs_keep(page, server):
    other = page.context.new_page()
    other.goto(server.url)
    for one in (page, other):
        one.wait_for_selector(".guide")
        one.click("text=Keep or wipe")
        one.check("#keep")
        add_sign(one, "Synophrys")
    other.wait_for_timeout(600)  # the time after which changes are written
    page.uncheck("#keep")
    page.wait_for_timeout(300)
    other.reload()
    other.wait_for_selector("#signs .sign")
    other.close()


def test_removed_photos_leave_the_server(page, server, paint):
    add(page, paint("a.png", RED))
    preview = page.locator("#photos img").get_attribute("src")
    assert server.get(preview).status_code == 200
    with page.expect_request("**/v1/images/forget"):
        page.get_by_role("button", name="Remove a.png").click()
    until(page, f"fetch('{preview}').then((answer) => answer.status === 404)")


def test_a_photo_is_shown_as_it_was_processed(page, paint, tmp_path):
    with Pillow.open(paint("a.png", RED, size=(96, 64))) as one:
        one.save(tmp_path / "a.tiff")
        exif = Pillow.Exif()
        exif[0x0112] = 8
        one.save(tmp_path / "rotated.webp", exif=exif, lossless=True)
    add(page, tmp_path / "a.tiff", tmp_path / "rotated.webp")
    page.click("#tab-photos")
    for n in range(2):
        image = page.locator(".photo-view image").nth(n)
        size = page.evaluate(
            """async (address) => { const one = new Image(); one.src = address; await one.decode();
            return [one.naturalWidth, one.naturalHeight]; }""",
            image.get_attribute("href"),
        )
        assert size == [round(float(image.get_attribute(side))) for side in ("width", "height")]


def test_photos_of_a_patient_are_side_by_side(page, paint):
    add(page, paint("a.png", RED), paint("b.png", RED, seed=3))
    page.click("#tab-photos")
    one, other = (page.locator(".photo-view").nth(n).bounding_box() for n in range(2))
    assert one["y"] == other["y"]
    assert one["x"] + one["width"] <= other["x"]


def test_keyboard_focus_is_kept(page, paint):
    add(page, paint("a.png", RED))
    page.click("#tab-photos")
    page.get_by_role("checkbox", name="region outlines").focus()
    page.keyboard.press("Space")
    assert page.evaluate("document.activeElement.dataset.focus") == "outlines"
    page.focus("#tab-photos")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.id") in {"tab-diseases", "tab-conditions"}


def test_results_are_downloaded(page, paint, tmp_path):
    add(page, paint("a.png", RED))
    for kind, beginning in [("json", b'{"predictions"'), ("phenopacket", b'{"id"'), ("pdf", b"%PDF"), ("csv", b"# ")]:
        with page.expect_download() as download:
            page.locator(f".save [data-format={kind}]").click()
        download.value.save_as(tmp_path / kind)
        assert (tmp_path / kind).read_bytes()[:16].startswith(beginning) or kind == "csv"
        assert download.value.suggested_filename.startswith("a.")


def test_names_with_markup_stay_text(page, paint, tmp_path):
    (tmp_path / "<b>text.jpg").write_text("not an image")
    red = paint("a.png", RED)
    red = red.rename(red.with_name('<img src=x onerror="alert(1)">.png'))
    add(page, tmp_path / "<b>text.jpg", red)
    assert "<b>text.jpg" in photos(page)
    assert "a text file, not an image" in page.locator("#photos .failed").inner_text()
    page.click("#tab-photos")
    assert page.locator(".photo-view h3").inner_text().startswith("<img src=x")
    assert page.locator("#output b:has-text('text')").count() == 0


def test_only_photos_that_cannot_be_used(page, tmp_path):
    (tmp_path / "text.jpg").write_text("not an image")
    add(page, tmp_path / "text.jpg")
    assert "none of the photos could be used" in page.locator("#output").inner_text()


def test_all_controls_have_names_and_work_by_keyboard(page, paint):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the results"
    add(page, paint("a.png", RED))
    page.locator(".ranking summary").nth(1).focus()
    page.keyboard.press("Enter")
    assert page.locator(".ranking details").nth(1).get_attribute("open") is not None
    names = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("light", 768), ("light", 1440), ("dark", 360), ("dark", 1440)])
def test_axe_finds_no_barrier_and_nothing_is_wider_than_the_screen(open_page, server, paint, scheme, width):
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(server, viewport={"width": width, "height": 800}, color_scheme=scheme)
    axe = Axe()
    violations = list(axe.run(page).response["violations"])
    add(page, paint("a-rather-long-name-of-a-photo-of-a-face.png", RED), paint("b.png", GREEN, seed=3))
    page.evaluate("document.querySelectorAll('#patient details').forEach((one) => { one.open = true; })")
    add_sign(page, "Synophrys")
    for tab in ("conditions", "diseases", "photos"):
        page.click(f"#tab-{tab}")
        page.wait_for_selector(".ranking, .photo-view")
        violations += axe.run(page).response["violations"]
        assert page.evaluate("document.documentElement.scrollWidth") <= width, tab
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in violations] == []


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


def test_a_page_of_another_origin_gets_nothing(browser, server):
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


def test_the_page_is_small(server):
    """The bytes of a first visit."""
    paths = ["/", *(f"/assets/{path.name}" for path in ASSETS.iterdir())]
    size = sum(len(server.get(path).content) for path in paths)
    sys.stdout.write(f"the page has {size:,} bytes in {len(paths)} files\n")
    assert size < 110_000
