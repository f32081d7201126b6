"""What people do on the site again and again, told once."""

from playwright.sync_api import Page

SEND = "main form button[type=submit]:not([name])"


def sign_in(page: Page, language: str, address: str, password: str) -> None:
    page.goto(f"/{language}/auth/sign-in/")
    page.fill("[name=email]", address)
    page.fill("[name=password]", password)
    page.click(SEND)
    page.locator(".person form").wait_for()


def confirm(page: Page, link: str, password: str) -> None:
    """Confirm the address by the link of the mail, with the password of the new account."""
    page.goto(link)
    page.fill("[name=password]", password)
    page.click(SEND)
    page.locator(".flash-success").wait_for()


def number_of_message(page: Page) -> int:
    """The number of the message that the address points to."""
    return int(page.url.rpartition("#message-")[2])


def listen(page: Page) -> list[str]:
    """What the browser will complain about on this page: scripts that fail, contents that the policy forbids."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    page.on(
        "console",
        lambda message: (
            complaints.append(f"{page.url}: {message.text}")
            if message.type in {"error", "warning"} and not _tells_a_status(message.text)
            else None
        ),
    )
    return complaints


def _tells_a_status(text: str) -> bool:
    """Chromium notes the status of every answer that is an error; pages with such a status are wanted."""
    return text.startswith("Failed to load resource: the server responded with a status of")
