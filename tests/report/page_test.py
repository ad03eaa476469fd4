#!/usr/bin/env python3
"""page_test.py PROGRAM SOURCE [PICTURES]: a report opened in Chromium, on a telephone and on a desk.

Checks that it fits the width, plays, asks nothing of a network, reports no error and prints. Screenshots go into PICTURES.
Exits 77, which ctest takes for skipped, where there is no Chromium."""

import os
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from browser import Browser, find_chromium

WIDTHS = {"phone": (390, 844), "desk": (1280, 900)}
SHOWN = "[...document.querySelectorAll('.film')].map(f => f.querySelector('output').textContent + ' ' + " \
        "f.querySelector('.panes .cell').style.backgroundPositionX)"
PATIENCE = 60  # seconds, for a machine that has much else to do

problems = []


def check(true, what):
    if not true:
        problems.append(what)
        print("failed:", what)


def make_page(program, source, folder):
    page = os.path.join(folder, "page.html")
    model = os.path.join(source, "data/moving-digits.safetensors")
    # A copy under a name that would be markup, were it not escaped.
    other = os.path.join(folder, "a<b>&'\".safetensors")
    with open(model, "rb") as old, open(other, "wb") as new:
        new.write(old.read())
    subprocess.run([program, "evaluate", model, "--also", other, "--limit", "12", "--thresholds", "0.5", "--report", page],
                   check=True, cwd=folder, stdout=subprocess.DEVNULL,
                   env=dict(os.environ, OMP_WAIT_POLICY="passive", XDG_CACHE_HOME=os.path.join(folder, "cache")))
    return page


def check_text(page):
    with open(page, encoding="utf-8") as file:
        text = file.read()
    for address in re.findall(r"""(?:src|href|url|action|poster|data)\s*[=(]\s*["']?([a-z]+:)?//""", text):
        check(False, f"an address of another machine: {address}")
    check("<b>&" not in text, "a file's name is written as markup")
    check("a&lt;b&gt;&amp;&#39;&quot;" in text, "a file's name is escaped")
    return text


def check_width(browser, page, name, pictures):
    width, height = WIDTHS[name]
    browser.open("file://" + page, width, height)
    check(browser.value("document.documentElement.scrollWidth") <= width, f"{name}: the page is wider than {width} px")
    wide = browser.value(
        "[...document.querySelectorAll('body *')].filter(e => !e.closest('.wide') && !e.closest('pre') && !e.closest('svg')"
        f" && e.getBoundingClientRect().right > {width} + 0.5).map(e => e.tagName + '.' + e.className).slice(0, 5)")
    check(wide == [], f"{name}: parts reach beyond the page: {wide}")
    letters = browser.value("Math.min(...[...document.querySelectorAll('.plots svg')].map(s => 11.5 * "
                            "s.getBoundingClientRect().width / s.viewBox.baseVal.width))")
    check(letters >= 8, f"{name}: the letters of plots are {letters:.1f} px high")
    check(browser.value("document.querySelectorAll('.film').length") >= 6, f"{name}: films")
    before = browser.value(SHOWN)
    moved = set()
    limit = time.monotonic() + PATIENCE
    while len(moved) < len(before) and time.monotonic() < limit:
        time.sleep(0.05)
        moved.update(i for i, shown in enumerate(browser.value(SHOWN)) if shown != before[i])
    check(len(moved) == len(before), f"{name}: films stand still: {before}, only {sorted(moved)} moved")
    browser.value("document.querySelectorAll('.film button').forEach(b => b.click())")
    before = browser.value(SHOWN)
    time.sleep(0.6)
    check(before == browser.value(SHOWN), f"{name}: a film plays on after Pause")
    browser.value("document.querySelectorAll('.film input').forEach(i => { i.value = 9; i.oninput(); })")
    check(all(text.startswith("+2 ") for text in browser.value(SHOWN)), f"{name}: the slider: {browser.value(SHOWN)}")
    requests = [r["request"]["url"] for r in browser.happened("Network.requestWillBeSent")]
    foreign = [url for url in requests if not url.startswith(("file://" + page, "data:"))]
    check(foreign == [], f"{name}: requests: {foreign}")
    errors = browser.happened("Runtime.exceptionThrown") + browser.happened("Log.entryAdded")
    check(errors == [], f"{name}: errors: {errors}")
    browser.screenshot(os.path.join(pictures, name + ".png"))


def main():
    program, source = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    chromium = find_chromium()
    if chromium is None:
        print("skipped: no Chromium here")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        pictures = os.path.abspath(sys.argv[3]) if len(sys.argv) > 3 else folder
        page = make_page(program, source, folder)
        check_text(page)
        browser = Browser(chromium)
        try:
            for name in WIDTHS:
                check_width(browser, page, name, pictures)
            pdf = browser.pdf()
            browser.call("Emulation.setEmulatedMedia", media="print")
            browser.open("file://" + page, 718, 1000)  # A4 at 96 pixels an inch, without its margins
            check(browser.value("document.documentElement.scrollWidth") <= 718, "the page is wider than paper")
            check(browser.value("getComputedStyle(document.querySelector('.bar')).display") == "none",
                  "players are printed")
            browser.screenshot(os.path.join(pictures, "print.png"))
        finally:
            browser.close()
        check(pdf.startswith(b"%PDF") and len(pdf) > 20000, "the page prints")
        with open(os.path.join(pictures, "page.pdf"), "wb") as file:
            file.write(pdf)
    return 1 if problems else 0


sys.exit(main())
