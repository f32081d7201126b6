"""A browser without the content security policy, and everything in it that hostile text could achieve."""

from collections.abc import Sequence
from xml.etree import ElementTree

from playwright.sync_api import Browser, Page, Request

from tests.markup.clean import ATTRIBUTES, TAGS

SMALL_TELEPHONE = {"width": 320, "height": 640}
ATOM = "{http://www.w3.org/2005/Atom}"
# What the templates of pages and mails are made of; `TAGS` are what people's texts may be made of.
OWN = TAGS | frozenset(
    "html head meta title link style script body header nav main footer section article h1 dl dt dd span bdi time "
    "s q ins div caption form fieldset legend label input select option optgroup datalist textarea button details "
    "summary img colgroup col small".split()
)
ALLOWED = {
    "own": sorted(OWN),
    "prose": sorted(TAGS),
    "inProse": sorted({name for names in ATTRIBUTES.values() for name in names} | {"class", "translate", "tabindex"}),
}
# Every frame has them, so whatever a script calls to show that it runs is told to the test.
HOOKS = """for (const name of ["alert", "confirm", "prompt", "print", "open"]) {
  window[name] = (...all) => { window.told(`${name}(${all})`); };
}"""
LOOK = """([allowed, origin]) => {
  const found = [], loads = ["src", "action", "formaction", "data", "poster", "cite", "xlink:href"];
  const refused = ["style", "srcdoc", "srcset", "background", "ping", "http-equiv", "is", "nonce"];
  const inHead = ["link", "meta", "script", "style", "title"];
  const say = (what, node) => found.push(`${what} in ${(node.outerHTML ?? node.data).slice(0, 160)}`);
  const parts = NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_COMMENT | NodeFilter.SHOW_PROCESSING_INSTRUCTION;
  const walker = document.createTreeWalker(document, parts);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.nodeType !== Node.ELEMENT_NODE) { say("what is no element", node); continue; }
    const tag = node.localName, prose = node.parentElement?.closest(".prose:not(.difference)");
    const isText = prose && !node.matches("span.symbol");
    if (!(isText ? allowed.prose : allowed.own).includes(tag)) say(`<${tag}>`, node);
    if (node.namespaceURI !== "http://www.w3.org/1999/xhtml") say("foreign element", node);
    if (inHead.includes(tag) && !node.closest("head")) say("part of a head", node);
    if (tag === "script" && (node.text || !node.src?.startsWith(`${origin}/static/`))) say("script", node);
    const isOfMail = location.protocol === "about:" && node === document.querySelector("style");
    if (tag === "style" && !isOfMail) say("style", node);
    for (const {name, value} of node.attributes) {
      if (name.startsWith("on") || refused.includes(name)) say(name, node);
      if (isText && !allowed.inProse.includes(name)) say(name, node);
      if (name !== "href" && !loads.includes(name)) continue;
      const address = URL.canParse(value, document.baseURI) ? new URL(value, document.baseURI) : null;
      if (!["http:", "https:", "mailto:"].includes(address?.protocol)) say("scheme", node);
      if ((name !== "href" || tag !== "a") && address?.origin !== origin) say("foreign address", node);
    }
  }
  return found;
}"""
# The body cuts off what is too wide for the page, so its own width tells.
WIDTH = "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"
# What sticks out, but for what is in a box that scrolls by itself.
STICKING_OUT = """() => [...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 0.5)
  .filter((one) => !one.closest(".table-wrap, .prose table, pre"))
  .slice(0, 3).map((one) => one.outerHTML.slice(0, 160)).join("; ")"""


class Watch:
    """Looks at pages, one after the other, on a small telephone; `problems` is all that should not have happened."""

    def __init__(self, browser: Browser, address: str, cookie: str = "") -> None:
        self.address, self.problems = address, []
        self.context = browser.new_context(base_url=address, bypass_csp=True, viewport=SMALL_TELEPHONE)
        if cookie:
            self.context.add_cookies([{"name": "session", "value": cookie, "url": address}])
        self.context.expose_binding("told", lambda source, what: self.note(f"{what} was called", source["page"]))
        self.context.add_init_script(HOOKS)
        self.context.on("request", self._requested)
        self.context.on("dialog", lambda dialog: (self.note("a dialog", dialog.page), dialog.dismiss()))
        self.context.on("page", self._opened)
        self.page = self.context.new_page()

    def visit(self, path: str) -> None:
        """Open an address of the site, which must answer with a page, and stay there."""
        answer = self.page.goto(path)
        if answer is None or not answer.ok:
            self.note(f"status {answer and answer.status}")
        if not self.page.url.partition("#")[0].endswith(path):
            self.note(f"was led away from {path}")
        self.look()
        if self.page.evaluate(WIDTH) > SMALL_TELEPHONE["width"]:
            self.note(f"scrolls sideways: {self.page.evaluate(STICKING_OUT)}")

    def show(self, html: str) -> None:
        """Open HTML that came another way, such as a mail."""
        self.page.goto("about:blank")
        self.page.set_content(html)
        self.look()

    def type(self, path: str, texts: Sequence[str]) -> None:
        """Fill a form with these texts, each field with one of them and the message with all, and send it.

        The file is of a kind that is refused, so that the answer tells its name.
        """
        self.page.goto(path)
        fields = self.page.locator("main form input:is([type=text], :not([type])):visible")
        for number in range(fields.count()):
            fields.nth(number).fill(texts[number % len(texts)])
        self.page.fill("[name=body]", "\n\n".join(texts))
        self.page.wait_for_function("!document.querySelector('#preview-box').hidden")
        self.look()
        self.page.set_input_files("[name=files]", {"name": texts[0], "mimeType": "text/html", "buffer": b"MZ\x90\0"})
        with self.page.expect_navigation():
            self.page.click("main form .buttons [type=submit]:not([name])")
        self.look()

    def read_feed(self, path: str) -> None:
        """A feed has nothing but its own elements; what a reader would show of its texts is shown."""
        elements = list(ElementTree.fromstring(self.context.request.get(path).body()).iter())
        for element in elements:
            if not element.tag.startswith(ATOM):
                self.note(f"{element.tag} in {path}")
        contents = (element.text for element in elements if element.get("type") == "html")
        prose = "".join(f'<div class="prose">{content}</div>' for content in contents)
        self.show(f'<!doctype html><html lang="en"><head><title>{path}</title></head><body>{prose}</body></html>')

    def look(self) -> None:
        self.page.mouse.move(160, 320)
        for found in self.page.evaluate(LOOK, [ALLOWED, self.address]):
            self.note(found)

    def note(self, what: str, page: Page | None = None) -> None:
        self.problems.append(f"{(page or self.page).url}: {what}")

    def _requested(self, request: Request) -> None:
        if not request.url.startswith((f"{self.address}/", "about:blank")):
            self.problems.append(f"a request to {request.url[:160]}")

    def _opened(self, page: Page) -> None:
        page.on("websocket", lambda socket: self.note(f"a connection to {socket.url}", page))
