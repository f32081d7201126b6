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

/** Storage may be switched off in the browser; then nothing is kept, and nothing breaks. */
function stored(storage) {
  const attempt = (action) => {
    try { return action(window[storage]); } catch { return null; }
  };
  return {
    get: (key) => attempt((store) => store.getItem(key)),
    set: (key, value) => attempt((store) => store.setItem(key, value)),
    remove: (key) => attempt((store) => store.removeItem(key)),
    keys: () => attempt((store) => Object.keys(store)) ?? [],
  };
}

const lasting = stored("localStorage");
const passing = stored("sessionStorage");

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

/** Keeps what is being written in this browser until it has been posted. */
function keepDraft(form) {
  const key = DRAFT + form.dataset.draft;
  const fields = ["title", "body"].map((name) => form.elements[name]).filter(Boolean);
  const initial = fields.map((field) => field.value);
  const save = () => {
    const values = fields.map((field) => field.value);
    if (values.some((value) => value.trim())) lasting.set(key, JSON.stringify(values));
    else lasting.remove(key);
  };

  const isFresh = !find(".error-summary") && find(".preview", form)?.hidden !== false;
  const draft = JSON.parse(lasting.get(key) ?? "null");
  if (draft && isFresh) {
    fields.forEach((field, index) => {
      const kept = draft[index] ?? "";
      field.value = kept.includes(field.value.trim()) ? kept : `${kept.trimEnd()}\n\n${field.value}`;
    });
    form.elements.body.closest(".field").before(draftNote(form, () => {
      lasting.remove(key);
      fields.forEach((field, index) => { field.value = initial[index]; });
      fields.at(-1).focus();
    }));
  }
  form.addEventListener("input", debounce(save, PREVIEW_AFTER_MS));
  form.addEventListener("submit", (event) => {
    if (event.submitter?.name === "preview") return;
    save();
    passing.set(SENT, key);
  });
}

function draftNote(form, discard) {
  const note = Object.assign(document.createElement("p"), { className: "draft-note", role: "status" });
  const words = { type: "button", className: "as-link", textContent: form.dataset.draftDiscard };
  const button = Object.assign(document.createElement("button"), words);
  button.addEventListener("click", () => {
    discard();
    note.remove();
  });
  note.append(form.dataset.draftRestored, " ", button);
  return note;
}

/** A posted message needs no draft; the notice of success tells that it was posted. */
function forgetSentDraft() {
  const key = passing.get(SENT);
  if (key && find(".flash-success")) lasting.remove(key);
  passing.remove(SENT);
}

/** Whoever signs out leaves no drafts to the next person at this browser. */
function forgetDraftsAtSignOut(form) {
  form.addEventListener("submit", () => {
    lasting.keys().filter((key) => key.startsWith(DRAFT)).forEach(lasting.remove);
  });
}

/** Selected words of a message are quoted instead of all of it. */
function quoteSelection(link) {
  link.addEventListener("click", () => {
    const selection = getSelection();
    const text = selection.toString().trim();
    const prose = find(".prose", link.closest(".message"));
    const key = QUOTE + new URL(link.href).searchParams.get("to");
    if (text && prose?.contains(selection.anchorNode) && prose.contains(selection.focusNode)) {
      passing.set(key, text.split("\n").map((line) => `> ${line}`.trimEnd()).join("\n") + "\n\n");
    } else {
      passing.remove(key);
    }
  });
}

function takeQuote(form) {
  const key = QUOTE + new URLSearchParams(location.search).get("to");
  const quote = passing.get(key);
  if (quote) form.elements.body.value = quote;
  passing.remove(key);
}

/** The language bar keeps the place on the page; the choice is remembered for the next visit. */
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

/** What scrolls sideways can be reached and scrolled from the keyboard. */
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
all(".person form").forEach(forgetDraftsAtSignOut);
all("form[method='post']").forEach(sendOnce);
all(".table-wrap, .prose table").forEach(reachScrollable);
find(".error-summary")?.focus();
