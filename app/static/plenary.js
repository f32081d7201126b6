// Comfort only: every page works the same without this script.
"use strict";

const DRAFT = "draft:";
const QUOTE = "quote:";
const PERSON = "person";
const SENT = "sent";
const SEND_AGAIN_AFTER_MS = 10000;
const REST_MS = 400;
const YEAR_S = 365 * 24 * 60 * 60;
const OPEN_TO_POSTS = ":is(.state-open, .state-extended, .state-reopened)";

const find = (selector, within = document) => within.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];

/** Storage may be switched off. */
function storage(name) {
  try {
    return window[name];
  } catch {
    return { getItem: () => null, setItem() {}, removeItem() {} };
  }
}

const lasting = storage("localStorage");
const passing = storage("sessionStorage");
const person = find(".person")?.dataset.person ?? ""; // "" for nobody
let typedIn = null; // the form in use

/** The message was posted. */
function forgetSentDraft() {
  const key = passing.getItem(SENT);
  if (key && find(".flash-success")) lasting.removeItem(key);
  passing.removeItem(SENT);
}

/** Those of all other people. */
function forgetDrafts(whose) {
  for (const key of Object.keys(lasting)) {
    if (key.startsWith(DRAFT) && !(whose && key.startsWith(`${DRAFT}${whose}:`))) lasting.removeItem(key);
  }
}

function leave() {
  lasting.setItem(PERSON, "");
  forgetDrafts("");
}

/** A page from before its reader signed out is loaded again; others keep what was typed. */
function checkPerson(cameBack) {
  if (cameBack && (lasting.getItem(PERSON) ?? "") !== person) {
    document.body.hidden = true;
    location.replace(location.pathname + location.search); // a reload would send a form again
    return;
  }
  lasting.setItem(PERSON, person);
  if (person) forgetDrafts(person);
}

/** Only what is selected, with the number of its first point. */
function quoteSelection(link) {
  link.addEventListener("click", () => {
    const part = document.createElement("span");
    const range = getSelection().rangeCount && getSelection().getRangeAt(0);
    if (range && find(".prose", link.closest(".message")).contains(range.commonAncestorContainer)) {
      const first = range.startContainer.parentNode;
      if (!range.startOffset && first.value) range.setStartBefore(first);
      part.append(range.cloneContents());
    }
    passing.setItem(QUOTE + link.search, part.innerHTML);
  });
}

/** The message read last, since the language bar is at the top. */
let lastRead = "";
let arrivedAt; // at the target

function noteWhatIsRead() {
  arrivedAt ??= scrollY;
  const stands = (line) => (one) => {
    const { top, bottom } = one.getBoundingClientRect();
    return top < line && (top > -2 || bottom > line);
  };
  const isEnd = scrollY + innerHeight > document.documentElement.scrollHeight - 2;
  const target = scrollY === arrivedAt && all(".message:target").find(stands(innerHeight));
  const read = target || (isEnd ? all(".message").pop() : all(".message").find(stands(innerHeight / 3)));
  if (read) lastRead = `#${read.id}`;
}

function followReading() {
  let timer;
  addEventListener("scroll", () => {
    clearTimeout(timer);
    timer = setTimeout(noteWhatIsRead, REST_MS);
  });
  addEventListener("hashchange", () => {
    arrivedAt = scrollY;
    lastRead = "";
  });
}

/** The language bar keeps the message, or leads to the form in use. */
function followLanguage(link) {
  link.addEventListener("click", () => {
    const code = link.hreflang || link.value;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `language=${code}; path=/; max-age=${YEAR_S}; SameSite=Lax${secure}`;
    if (!link.href) return;
    const button = find(`[name="continue_in"][value="${code}"]`, typedIn ?? document);
    if (link.pathname !== location.pathname) link.hash = lastRead || location.hash;
    else if (button) link.hash = button.id;
  });
}

/** A second click sends nothing. */
function sendOnce(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sending) event.preventDefault();
    form.dataset.sending = "yes";
    setTimeout(() => delete form.dataset.sending, SEND_AGAIN_AFTER_MS);
  });
  addEventListener("pageshow", () => delete form.dataset.sending);
}

/** A deadline in local time too. */
function addLocalTime(time) {
  const moment = new Date(time.dateTime.replace(" ", "T"));
  if (!moment.getTimezoneOffset()) return;
  const { lang } = document.documentElement;
  const shape = { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short" };
  const local = document.createElement("span");
  local.className = "local";
  let text = moment.toLocaleString(lang === "en" ? "en-GB" : lang, shape).replace("-", "\u2212");
  if (lang === "fr") text = text.replace(/0?(\d+):/, "$1\u00a0h\u00a0");
  local.textContent = ` (${text})`;
  time.after(local);
}

function reachScrollable(box) {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
}

/** After the browser has gone to the message and moved the focus. */
function focusOnWhatWasDone() {
  requestAnimationFrame(() => find(".message > .flash")?.focus());
}

checkPerson(performance.getEntriesByType("navigation")[0]?.type === "back_forward");
addEventListener("pageshow", (event) => event.persisted && checkPerson(true));
forgetSentDraft();
followReading();
all(".languages a, [name='continue_in']").forEach(followLanguage);
addEventListener("input", (event) => { typedIn = event.target.form; });
all(".message a[href$='quote=1']").forEach(quoteSelection);
all(".person form").forEach((form) => form.addEventListener("submit", leave));
all("form[method='post']").forEach(sendOnce);
all(`${OPEN_TO_POSTS} time:first-of-type, .state-planned time`).forEach(addLocalTime);
all(".table-wrap, .prose table").forEach(reachScrollable);
find(".error-summary")?.focus();
addEventListener("load", focusOnWhatWasDone);
