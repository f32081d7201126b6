// Comfort only: every page works the same without this script.
"use strict";

const DRAFT = "draft:";
const QUOTE = "quote:";
const SENT = "sent";
const PREVIEW_AFTER_MS = 600;
const SEND_AGAIN_AFTER_MS = 10000;
const YEAR_S = 365 * 24 * 60 * 60;

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

function debounce(action, wait) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, wait);
  };
}

/** Shows the text as it will look; the server renders and cleans it. */
function livePreview(area) {
  const box = find(".preview", area.form);
  const shown = find(".prose", box);
  const { language, csrf_token: token } = area.form.elements;
  let asked = 0;

  async function show() {
    const number = ++asked;
    const body = new URLSearchParams({ body: area.value, csrf_token: token.value });
    const answer = await fetch(area.dataset.preview, { method: "POST", body }).catch(() => null);
    if (!answer?.ok || answer.redirected) return;
    const html = await answer.text();
    if (number !== asked) return;
    shown.innerHTML = html;
    box.hidden = !area.value.trim();
  }

  area.addEventListener("input", debounce(show, PREVIEW_AFTER_MS));
  language.addEventListener("change", () => { shown.lang = language.value; });
}

/** Keeps what is being written until it has been posted. */
function keepDraft(form) {
  const key = DRAFT + form.dataset.draft;
  const fields = ["title", "body"].map((name) => form.elements[name]).filter(Boolean);
  const values = () => fields.map((field) => field.value);
  const initial = values();
  const save = () => {
    if (values().join("").trim()) lasting.setItem(key, JSON.stringify(values()));
    else lasting.removeItem(key);
  };

  const isFresh = !find(".error-summary") && find(".preview", form)?.hidden !== false;
  const draft = JSON.parse(lasting.getItem(key) ?? "null");
  if (draft && isFresh) {
    fields.forEach((field, index) => {
      const kept = draft[index] ?? "";
      field.value = kept.includes(field.value.trim()) ? kept : `${kept.trimEnd()}\n\n${field.value}`;
    });
    form.elements.body.closest(".field").before(draftNote(form, () => {
      lasting.removeItem(key);
      fields.forEach((field, index) => { field.value = initial[index]; });
      fields.at(-1).focus();
    }));
  }
  form.addEventListener("input", debounce(save, PREVIEW_AFTER_MS));
  form.addEventListener("submit", (event) => {
    if (event.submitter?.name === "preview") return;
    save();
    passing.setItem(SENT, key);
  });
}

function draftNote(form, discard) {
  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
  const note = make("p", { className: "draft-note", role: "status" });
  const button = make("button", { type: "button", className: "as-link", textContent: form.dataset.draftDiscard });
  button.onclick = () => {
    discard();
    note.remove();
  };
  note.append(form.dataset.draftRestored, " ", button);
  return note;
}

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

function takeQuote(form) {
  const key = QUOTE + new URLSearchParams(location.search).get("to");
  const quote = passing.getItem(key);
  if (quote) form.elements.body.value = quote;
  passing.removeItem(key);
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

/** What scrolls sideways can be reached from the keyboard. */
function reachScrollable(box) {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
}

forgetSentDraft();
all(".languages a").forEach(followLanguage);
all(".message a[href$='quote=1']").forEach(quoteSelection);
all("form[data-draft]").forEach((form) => {
  takeQuote(form);
  keepDraft(form);
});
all("textarea[data-preview]").forEach(livePreview);
all(".person form").forEach((form) => form.addEventListener("submit", forgetAllDrafts));
all("form[method='post']").forEach(sendOnce);
all(".table-wrap, .prose table").forEach(reachScrollable);
find(".error-summary")?.focus();
