"""What several test modules need of the machine."""

import shutil
from functools import cache

import pytest


@cache
def browser_program():
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture
def browser():
    """A real browser, where Playwright and a Chromium are installed."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright, which shenqu does not")
    if browser_program() is None:
        pytest.skip("needs a Chromium on this machine")
    with playwright.sync_playwright() as started:
        flags = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        program = started.chromium.launch(executable_path=browser_program(), args=flags)
        yield program
        program.close()
