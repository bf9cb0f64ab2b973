"""A headless Chromium that finds its way through Home Assistant's shadow roots."""

import base64
from collections.abc import Callable
from pathlib import Path
import time

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webelement import WebElement

TIMEOUT_S = 40.0
# Animations have ended by then.
SETTLE_S = 0.8

# Home Assistant's elements keep their insides to themselves: look into every one.
_FIND = """
function* inside(root) {
  for (const child of root.childNodes) {
    yield child;
    if (child.shadowRoot) yield* inside(child.shadowRoot);
    yield* inside(child);
  }
}
const text = (root) =>
  [...inside(root), ...(root.shadowRoot ? inside(root.shadowRoot) : [])]
    .filter((node) => node.nodeType === Node.TEXT_NODE && node.parentNode.localName !== "style")
    .map((node) => node.data).join(" ").replace(/\\s+/g, " ");
return [...inside(document)].filter((node) => node.nodeType === Node.ELEMENT_NODE
  && node.matches(arguments[0]) && node.getClientRects().length)
  .map((node) => [node, text(node)]);
"""


class Browser:
    """One window."""

    def __init__(self, pictures: Path, *, width: int = 900, height: int = 1150) -> None:
        """Open it; pictures of it are put into a folder."""
        options = webdriver.ChromeOptions()
        for argument in (
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--hide-scrollbars",
            f"--window-size={width},{height}",
        ):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self._driver = webdriver.Chrome(options, Service("/usr/bin/chromedriver"))
        self._pictures = pictures

    def close(self) -> None:
        """Close it."""
        self._driver.quit()

    def open(self, url: str) -> None:
        """Go to a page."""
        self._driver.get(url)

    def find(self, selector: str, text: str = "") -> list[tuple[WebElement, str]]:
        """Return the visible elements that match and hold a text, each with all of its text."""
        found = self._driver.execute_script(_FIND, selector)
        return [(element, whole) for element, whole in found if text in whole]

    def wait(self, selector: str, text: str = "") -> WebElement:
        """Return the last element that matches once there is one."""
        what = f"{selector} {text}"
        return self.until(lambda: self.find(selector, text)[-1][0], what)

    def until[T](
        self, look: Callable[[], T], what: str, timeout_s: float = TIMEOUT_S
    ) -> T:
        """Return what a look finds once it finds something.

        Raises:
            AssertionError: it never does; a picture shows what is there instead.
        """
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            try:
                if found := look():
                    return found
            except (IndexError, WebDriverException):
                # What it looked at has just been drawn anew.
                pass
            time.sleep(0.2)
        self.picture("failed")
        raise AssertionError(f"not seen within {timeout_s:.0f} s: {what}")

    def click(self, selector: str, text: str = "") -> None:
        """Click what matches once it is there."""

        def click() -> bool:
            self.find(selector, text)[-1][0].click()
            return True

        self.until(click, f"{selector} {text}, to click on")

    def wait_gone(self, selector: str) -> None:
        """Return when nothing matches any more, and what that leads to has happened."""
        self.until(lambda: not self.find(selector), f"the end of {selector}")
        time.sleep(SETTLE_S)

    def click_icon(self, label: str) -> None:
        """Click the icon with a label once it is there."""

        def click() -> bool:
            icons = [icon for icon, _ in self.find("ha-icon-button")]
            [icon for icon in icons if icon.get_attribute("label") == label][0].click()
            return True

        self.until(click, f"the icon {label}, to click on")

    def type(self, selector: str, text: str) -> None:
        """Type into a field."""
        self.wait(selector).send_keys(text)

    def picture(self, name: str, of: str = "", margin: int = 0) -> None:
        """Take a picture of the page, or of an element on it and some pixels around that."""
        time.sleep(SETTLE_S)
        what: dict[str, object] = {"format": "png"}
        if of:
            left, top, right, bottom = self._driver.execute_script(
                "const box = arguments[0].getBoundingClientRect(), m = arguments[1];"
                "return [Math.max(0, box.left - m), Math.max(0, box.top - m),"
                " Math.min(innerWidth, box.right + m),"
                " Math.min(innerHeight, box.bottom + m)];",
                self.wait(of),
                margin,
            )
            size = {"width": right - left, "height": bottom - top}
            what["clip"] = {"x": left, "y": top, **size, "scale": 1}
        taken = self._driver.execute_cdp_cmd("Page.captureScreenshot", what)
        content = base64.b64decode(taken["data"])
        (self._pictures / f"{name}.png").write_bytes(content)

    def complaints(self) -> list[str]:
        """Return what the page's own code has complained of."""
        return [
            entry["message"]
            for entry in self._driver.get_log("browser")
            if entry["level"] == "SEVERE"
        ]
