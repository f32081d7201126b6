// Comfort only: every page works the same without this script.
"use strict";

const DRAFT = "draft:";
const QUOTE = "quote:";
const SENT = "sent";
const SEND_AGAIN_AFTER_MS = 10000;
const YEAR_S = 365 * 24 * 60 * 60;

const find = (selector, within = document) => within.querySelector(selector);
let typedIn = null; // the form in which somebody has typed last
const all = (selector) => [...document.querySelectorAll(selector)];

/** Storage may be switched off; then nothing is kept, and nothing breaks. */
function storage(name) {
  try {
    return window[name];
  } catch {
    return { getItem: () => null, setItem() {}, removeItem() {} };
  }
}

const lasting = storage("localStorage");
const passing = storage("sessionStorage");

/** A notice of success tells that the message was posted. */
function forgetSentDraft() {
  const key = passing.getItem(SENT);
  if (key && find(".flash-success")) lasting.removeItem(key);
  passing.removeItem(SENT);
}

/** Whoever signs out leaves no drafts to the next person at this browser. */
function forgetAllDrafts() {
  Object.keys(lasting).filter((key) => key.startsWith(DRAFT)).forEach((key) => lasting.removeItem(key));
}

/** Selected words of a message are quoted instead of all of it. */
function quoteSelection(link) {
  link.addEventListener("click", () => {
    const selection = getSelection();
    const text = selection.toString().trim();
    const prose = find(".prose", link.closest(".message"));
    const key = QUOTE + new URL(link.href).searchParams.get("to");
    if (text && prose?.contains(selection.anchorNode) && prose.contains(selection.focusNode)) {
      passing.setItem(key, text.split("\n").map((line) => `> ${line}`.trimEnd()).join("\n") + "\n\n");
    } else {
      passing.removeItem(key);
    }
  });
}

/** The language bar keeps the place on the page, or leads to the form in which somebody types; the choice is kept. */
function followLanguage(link) {
  link.addEventListener("click", () => {
    const code = link.hreflang || link.value;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `language=${code}; path=/; max-age=${YEAR_S}; SameSite=Lax${secure}`;
    const button = find(`[name="continue_in"][value="${code}"]`, typedIn ?? document);
    if (link.href && link.pathname !== location.pathname) link.hash = location.hash;
    else if (link.href && button) link.hash = button.id;
  });
}

/** A second click while the first is under way sends nothing. */
function sendOnce(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sending) event.preventDefault();
    form.dataset.sending = "yes";
    setTimeout(() => delete form.dataset.sending, SEND_AGAIN_AFTER_MS);
  });
  addEventListener("pageshow", () => delete form.dataset.sending);
}

/** What scrolls sideways can be reached from the keyboard. */
function reachScrollable(box) {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
}

forgetSentDraft();
all(".languages a, [name='continue_in']").forEach(followLanguage);
addEventListener("input", (event) => { typedIn = event.target.form; });
all(".message a[href$='quote=1']").forEach(quoteSelection);
all(".person form").forEach((form) => form.addEventListener("submit", forgetAllDrafts));
all("form[method='post']").forEach(sendOnce);
all(".table-wrap, .prose table").forEach(reachScrollable);
find(".error-summary")?.focus();
