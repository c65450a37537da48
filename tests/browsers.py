"""Visits to a page in a browser."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

SLOW_MS = 120_000
"""A machine at work on something else, which draws WebGL in software, is no error of the page's."""


class Visit:
    """A visit to the page that notes what should not happen: messages and requests."""

    def __init__(self, browser: Browser, report: Path, size: tuple[int, int], **options) -> None:
        self.problems: list[str] = []
        self.requests: list[str] = []
        self.context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            offline=True,
            reduced_motion="reduce",
            **options,
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(SLOW_MS)
        self.page.on("console", lambda message: self.problems.append(message.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("dialog", lambda dialog: self.problems.append(dialog.message))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(report.as_uri())
        self.page.wait_for_selector(".panel[data-ready]")

    def close(self) -> None:
        self.context.close()
        # software WebGL says how slow it is
        told = [text for text in self.problems if "GPU stall" not in text]
        assert told == []
        outside = [url for url in self.requests if not url.startswith(("file:", "blob:", "data:"))]
        assert outside == []
