// Comfort only: every page works the same without this script.
"use strict";

const DRAFT = "draft:";
const QUOTE = "quote:";
const SENT = "sent";
const SEND_AGAIN_AFTER_MS = 10000;
const YEAR_S = 365 * 24 * 60 * 60;
const OPEN_TO_POSTS = ":is(.state-open, .state-extended, .state-reopened)";

const find = (selector, within = document) => within.querySelector(selector);
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

/** The language bar keeps the place on the page and remembers the choice. */
function followLanguage(link) {
  link.addEventListener("click", () => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `language=${link.hreflang}; path=/; max-age=${YEAR_S}; SameSite=Lax${secure}`;
    link.hash = location.hash;
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

/** A deadline is also told in the reader's own time, behind UTC. */
function addLocalTime(time) {
  const moment = new Date(time.dateTime.replace(" ", "T"));
  if (!moment.getTimezoneOffset()) return;
  const { lang } = document.documentElement;
  const shape = { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short" };
  const local = document.createElement("span");
  local.className = "local";
  local.textContent = ` (${moment.toLocaleString(lang === "en" ? "en-GB" : lang, shape).replace("-", "\u2212")})`;
  time.after(local);
}

/** What scrolls sideways can be reached from the keyboard. */
function reachScrollable(box) {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
}

forgetSentDraft();
all(".languages a").forEach(followLanguage);
all(".message a[href$='quote=1']").forEach(quoteSelection);
all(".person form").forEach((form) => form.addEventListener("submit", forgetAllDrafts));
all("form[method='post']").forEach(sendOnce);
all(`${OPEN_TO_POSTS} time:first-of-type, .state-planned time`).forEach(addLocalTime);
all(".table-wrap, .prose table").forEach(reachScrollable);
find(".error-summary")?.focus();
