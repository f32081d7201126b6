// Comfort only: every page works the same without this script.
"use strict";

const DRAFT = "draft:";
// All fields of a message and its topic but its files, which no script may put back.
const KEPT = ["question", "title", "body", "language", "on_behalf_of", "speaker", "capacity", "country", "organization"];
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
  const { language, files, preview, csrf_token: token } = area.form.elements;
  let asked = 0;

  /** Whether the box now shows what is typed. */
  async function show() {
    const number = ++asked;
    const body = new URLSearchParams({ body: area.value, csrf_token: token.value });
    const answer = await fetch(area.dataset.preview, { method: "POST", body }).catch(() => null);
    if (!answer?.ok || answer.redirected) return false;
    const html = await answer.text();
    if (number !== asked) return true;
    shown.innerHTML = html;
    shown.lang = language.value;
    box.hidden = !area.value.trim();
    return !box.hidden;
  }

  /** A form that comes back from the server has lost its files; so with files chosen, the preview is shown here. */
  async function keepFiles(event) {
    if (!files?.files.length || !area.value.trim()) return;
    event.preventDefault();
    if (await show()) {
      box.scrollIntoView();
    } else {
      preview.removeEventListener("click", keepFiles);
      preview.click();
    }
  }

  area.addEventListener("input", debounce(show, PREVIEW_AFTER_MS));
  language.addEventListener("change", () => { shown.lang = language.value; });
  preview.addEventListener("click", keepFiles);
}

/** Keeps what is being written until it has been posted. */
function keepDraft(form) {
  const key = DRAFT + form.dataset.draft;
  const fields = KEPT.map((name) => form.elements[name]).filter(Boolean);
  const texts = fields.filter((field) => !field.options);
  const values = () => Object.fromEntries(fields.map((field) => [field.name, field.value]));
  const initial = values();
  const save = () => {
    if (texts.some((field) => field.value.trim())) lasting.setItem(key, JSON.stringify(values()));
    else lasting.removeItem(key);
  };

  const isFresh = !find(".error-summary") && find(".preview", form)?.hidden !== false;
  const draft = JSON.parse(lasting.getItem(key) ?? "null");
  if (draft && isFresh) {
    fields.forEach((field) => putBack(field, draft[field.name] ?? ""));
    form.elements.body.closest(".field").before(draftNote(form, () => {
      lasting.removeItem(key);
      fields.forEach((field) => { field.value = initial[field.name]; });
      form.elements.body.focus();
    }));
  }
  form.addEventListener("input", debounce(save, PREVIEW_AFTER_MS));
  form.addEventListener("submit", (event) => {
    if (event.submitter?.name === "preview") return;
    save();
    passing.setItem(SENT, key);
  });
}

/** What the page itself has put into a field stays: a quotation below the draft, a question that a link has chosen. */
function putBack(field, kept) {
  const isChosen = field.name === "question" && new URLSearchParams(location.search).has("question");
  if (!field.options) {
    field.value = kept.includes(field.value.trim()) ? kept : `${kept.trimEnd()}\n\n${field.value}`;
  } else if (!isChosen && [...field.options].some((option) => option.value === kept)) {
    field.value = kept;
  }
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
