"""Draw docs/pictures/report.png: the top of a report, in the system's Chromium.

make screen
python docs/pictures/report.py results/demo/report.html
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

SIZE = {"width": 1280, "height": 1000}


def main() -> None:
    """Draw the report that the command line names."""
    picture = Path(__file__).with_name("report.png")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--no-sandbox"],
        )
        page = browser.new_page(viewport=SIZE, offline=True, reduced_motion="reduce")
        page.goto(Path(sys.argv[1]).resolve().as_uri())
        page.wait_for_selector(".panel[data-ready]")
        page.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    main()
