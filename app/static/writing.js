// Comfort for those who write a message; only pages with its form load it, after plenary.js, whose names it uses.
"use strict";

// All fields of a message and its topic but its files, which no script may put back.
const KEPT = ["question", "title", "body", "language", "on_behalf_of", "speaker", "capacity", "country", "organization"];
const PREVIEW_AFTER_MS = 600;

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
    const body = new URLSearchParams({ body: area.value, language: language.value, csrf_token: token.value });
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
  language.addEventListener("change", show);
  preview.addEventListener("click", keepFiles);
}

/** Keeps what is being written until it has been posted. */
function keepDraft(form) {
  const key = `${DRAFT}${person}:${form.dataset.draft}`;
  const fields = KEPT.map((name) => form.elements[name]).filter(Boolean);
  const texts = fields.filter((field) => !field.options);
  const values = () => Object.fromEntries(fields.map((field) => [field.name, field.value]));
  const chosen = () => [...form.elements.files.files].map((file) => file.name);
  const initial = values();
  const save = () => {
    const isTheirs = lasting.getItem(PERSON) === person; // they may have signed out in another tab
    const isWritten = texts.some((field) => field.value.trim());
    if (isTheirs && isWritten) lasting.setItem(key, JSON.stringify({ ...values(), chosen: chosen() }));
    else lasting.removeItem(key);
  };

  const isFresh = !find(".error-summary, .continued") && find(".preview", form)?.hidden !== false;
  const draft = JSON.parse(lasting.getItem(key) ?? "null");
  if (draft && isFresh) {
    fields.forEach((field) => putBack(field, draft[field.name] ?? ""));
    form.elements.body.closest(".field").before(draftNote(form, draft.chosen ?? [], () => {
      lasting.removeItem(key);
      fields.forEach((field) => { field.value = initial[field.name]; });
      form.elements.body.focus();
    }));
  }
  form.addEventListener("input", debounce(save, PREVIEW_AFTER_MS));
  form.addEventListener("submit", (event) => {
    save();
    if (event.submitter?.name) return; // to see it, or to go on in another language
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

function draftNote(form, chosen, discard) {
  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
  const note = make("p", { className: "draft-note", role: "status" });
  const button = make("button", { type: "button", className: "as-link", textContent: form.dataset.draftDiscard });
  button.onclick = () => {
    discard();
    note.remove();
  };
  const again = chosen.length ? `${form.dataset.draftFiles} ${chosen.join(", ")}. ` : "";
  note.append(form.dataset.draftRestored, " ", again, button);
  return note;
}

const MARKS = { STRONG: "**", EM: "*", CODE: "`" };

/** The source of rendered HTML: the marks that show it so again. */
function source(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data.replaceAll("\n", ""); // lines end with <br>
  const name = node.nodeName;
  const text = [...node.childNodes].map(source).join("");
  const inner = lines(text);
  if (name === "BR") return "\n";
  if (name === "HR") return "\n\n---\n\n";
  if (name === "TD" || name === "TH") return `${text.replaceAll("|", "\\|")} | `;
  if (name === "TR") return `\n| ${text.trim()}`;
  if (name === "THEAD") return `${text}\n|${"---|".repeat(node.rows[0].cells.length)}`;
  if (!inner[0]) return text;
  if (MARKS[name]) return text.replace(inner[0], (words) => MARKS[name] + words + MARKS[name]); // spaces outside
  if (name === "A" && node.className !== "bare") return `[${text}](${node.getAttribute("href")})`;
  if (name === "LI") return `\n${node.hasAttribute("value") ? `${node.value}.` : "-"} ${inner.join("\n    ").replace(/ +$/gm, "")}`;
  if (name === "BLOCKQUOTE") return `\n\n${quoted(inner)}\n\n`;
  if (/^H\d$/.test(name)) return `\n\n${"#".repeat(name[1] - 2)} ${text}\n\n`;
  if (name === "P" || name === "TABLE") return `\n\n${text}\n\n`;
  return name === "OL" || name === "UL" ? `${text}\n` : text;
}

const lines = (text) => text.replace(/\n{3,}/g, "\n\n").trim().split("\n");
const quoted = (texts) => texts.map((line) => `> ${line}`.trimEnd()).join("\n");

/** Only what was selected, under the name of whom it quotes. */
function takeQuote(form) {
  const key = QUOTE + location.search;
  const part = document.createElement("template"); // in which no picture is loaded and no script runs
  part.innerHTML = passing.getItem(key) ?? "";
  passing.removeItem(key);
  const selected = lines(source(part.content));
  const { body } = form.elements;
  if (selected[0]) body.value = `${body.value.split("\n")[0]}\n>\n${quoted(selected)}\n\n`;
}

all("form[data-draft]").forEach((form) => {
  takeQuote(form);
  keepDraft(form);
});
all("textarea[data-preview]").forEach(livePreview);
