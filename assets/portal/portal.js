// What makes the portal's pages quicker. Every page works without it, it holds no rule, and it keeps nothing.
"use strict";

const QUIET = 2000; // milliseconds without a key before the form is saved
const PAUSE = 150; // milliseconds without a key before the panel is asked for
const WARNED = 5 * 60_000; // milliseconds before the end of a session from which on one is warned
const REST = 5 * 60_000; // milliseconds without a touch after which a list is not asked for again by itself

/** Why there is no answer, in words for the person who waits for it. */
class Unanswered extends Error {}
const SIGNED_OUT = "You were signed out: open another tab, sign in, and go on here.";

/** Asks one of our own addresses, and answers with the page that comes back, or a part of one. */
async function answerOf(address, options) {
  let response, text;
  try {
    response = await fetch(address, options);
    text = await response.text();
  } catch (error) {
    throw options.signal?.aborted ? error : new Unanswered("No connection.");
  }
  if (response.redirected) throw new Unanswered(SIGNED_OUT);
  heard?.postMessage("");
  onHeard();
  const part = new DOMParser().parseFromString(text, "text/html");
  if (!response.ok && response.status !== 304) {
    const said = [...part.querySelectorAll("h1, h1 + p")].map((words) => words.textContent.trim());
    throw new Unanswered(said.length > 0 ? said.join(". ") : `The service answered with an error (${response.status}).`);
  }
  return { response, part };
}

// Whatever is asked for keeps the session, in every tab.
const heard = "BroadcastChannel" in window ? new BroadcastChannel("oncoauth-session") : undefined;
let onHeard = () => {};
heard?.addEventListener("message", () => onHeard());

/** Warns before a session ends by itself, with a button that keeps it. */
function watch(line) {
  const [idle, atMost] = [Number(line.dataset.seconds) * 1000, Date.now() + Number(line.dataset.atMost) * 1000];
  const box = document.createElement("dialog");
  box.id = "ends";
  box.setAttribute("aria-labelledby", "ends-text");
  const text = document.createElement("p");
  text.id = "ends-text";
  const stay = document.createElement("button");
  stay.type = "button";
  stay.textContent = "Stay signed in";
  box.append(text, stay);
  document.body.append(box);
  let end, last = false;
  onHeard = () => {
    end = Math.min(Date.now() + idle, atMost);
    if (box.open) box.close();
  };
  const keep = async () => {
    last = end === atMost; // nothing keeps it longer: that is told once
    try {
      replace("session-end", await ask("/session", []));
    } catch (error) {
      text.textContent = inWords(error);
    }
  };
  onHeard();
  heard?.postMessage("");
  stay.addEventListener("click", keep);
  box.addEventListener("cancel", (event) => { event.preventDefault(); keep(); });
  setInterval(() => {
    const left = end - Date.now();
    if (left > WARNED) return;
    if (left <= 0) {
      text.textContent = "You were signed out. What was not sent still stands on this page: open another tab, sign in there, and go on here.";
      stay.textContent = "Go on";
    } else if (box.open || last) {
      return;
    } else {
      const minutes = Math.ceil(left / 60_000);
      const soon = `you will be signed out in ${minutes} minute${minutes === 1 ? "" : "s"}.`;
      text.textContent = end === atMost ? `You have been signed in for half a day, and ${soon} Finish or keep what you are at.` : `You asked for nothing for a while: ${soon}`;
      stay.textContent = end === atMost ? "Go on" : "Stay signed in";
    }
    if (!box.open) box.showModal();
  }, 1000);
}
for (const line of document.querySelectorAll("#session")) watch(line);

/** Sends fields to one of our own addresses, and answers with the part of a page that comes back. */
async function ask(address, fields, signal) {
  const body = new URLSearchParams();
  for (const [name, value] of fields) if (typeof value === "string") body.append(name, value);
  return (await answerOf(address, { method: "POST", body, signal })).part;
}

/** What to tell of an error. */
const inWords = (error) => error instanceof Unanswered ? error.message : "This page failed: load it again.";

/** Puts what a part of the page holds in the place of what stands there. */
function replace(id, part) {
  const [here, there] = [document.getElementById(id), part.getElementById(id)];
  if (here && there && here.innerHTML !== there.innerHTML) here.replaceChildren(...there.childNodes);
}

/** Adds the fields that are asked for now, and takes out those that are not and were left empty. What is being typed in stays. */
function reconcile(here, there) {
  const fields = (parent) => [...parent.querySelectorAll("input, select")].map((control) => [control.id, control]);
  const [known, wanted] = [new Map(fields(here)), new Map(fields(there))];
  for (const [id, control] of known) {
    if (!wanted.has(id) && !control.value && control !== document.activeElement) control.closest(".field").remove();
  }
  let last;
  for (const [id, control] of wanted) {
    const field = (known.get(id) ?? control).closest(".field");
    if (!known.has(id)) last ? last.after(field) : here.prepend(field);
    last = field;
  }
}

/** The live panel of order entry. */
function live(form) {
  let pause, running, said;
  const refresh = async () => {
    running?.abort();
    const own = running = new AbortController();
    try {
      const part = await ask(form.dataset.panel, new FormData(form), own.signal);
      replace("about", part);
      replace("panel-body", part);
      const [asked, now] = [document.getElementById("asked"), part.getElementById("asked")];
      if (asked && now) reconcile(asked, now);
      const verdict = document.querySelector("#panel-body .verdict").textContent;
      if (verdict !== said) document.getElementById("said").textContent = said = verdict;
    } catch (error) {
      if (own.signal.aborted) return;
      document.getElementById("about").textContent = `${inWords(error)} What stands here is not up to date.`;
    }
  };
  const soon = () => {
    clearTimeout(pause);
    pause = setTimeout(refresh, PAUSE);
  };
  let quiet, saving;
  const save = () => {
    const own = saving = ask(form.dataset.save, new FormData(form))
      .then((part) => replace("saved", part), (error) => { document.getElementById("saved").textContent = `Not saved. ${inWords(error)}`; })
      .finally(() => { if (saving === own) saving = undefined; });
  };
  const keep = () => {
    clearTimeout(quiet);
    quiet = setTimeout(save, QUIET);
  };
  for (const kind of ["input", "change"]) {
    form.addEventListener(kind, soon);
    if (form.dataset.save) form.addEventListener(kind, keep);
  }
  form.addEventListener("submit", (event) => {
    clearTimeout(quiet);
    const here = { show: refresh, keep: save }[event.submitter?.value];
    if (!here && !saving) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    // a draft that is saved after its order was sent would come back
    if (!here) return void saving.then(() => form.requestSubmit(event.submitter));
    clearTimeout(pause);
    here();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.ctrlKey) form.requestSubmit(form.querySelector("button[value=send]"));
    const section = event.altKey && /^[1-6]$/.test(event.key) && document.getElementById(`section-${event.key}`);
    if (section) {
      event.preventDefault();
      section.querySelector("input, select").focus();
    }
    const button = event.key === "Enter" && !event.ctrlKey && event.target.dataset.enter;
    if (button && !event.defaultPrevented) {
      event.preventDefault();
      form.requestSubmit(form.querySelector(`button[value=${button}]`));
    }
  });
  if (!form.dataset.save) leaveNot(form);
}

/** Nobody leaves what is not kept anywhere without being asked. */
function leaveNot(form) {
  let dirty = false;
  form.addEventListener("input", () => { dirty = true; });
  form.addEventListener("submit", () => { dirty = false; });
  window.addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
}

/** Suggestions below a field, as an ARIA combobox. Nothing is picked that was not chosen with the arrows, Enter or the pointer. */
function suggest(input, form) {
  const list = document.createElement("ul");
  list.className = "suggestions";
  list.id = `${input.id}-suggestions`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  list.hidden = true;
  input.after(list);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", list.id]]) input.setAttribute(name, value);
  let pause, running, active = -1;
  const close = () => {
    running?.abort();
    clearTimeout(pause);
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const mark = (place) => {
    active = place;
    [...list.children].forEach((option, number) => option.setAttribute("aria-selected", String(number === place)));
    if (list.children[place]) {
      input.setAttribute("aria-activedescendant", list.children[place].id);
      list.children[place].scrollIntoView({ block: "nearest" });
    }
  };
  const pick = (option) => {
    input.value = option.dataset.value;
    close();
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const look = async () => {
    running?.abort();
    const own = running = new AbortController();
    const fields = [["list", input.dataset.suggest], ["typed", input.value]];
    for (const name of ["/member/health_plan", "/diagnosis/icd10", "/clinical/cancer_type"]) fields.push([name, form.elements[name]?.value ?? ""]);
    try {
      const part = await ask("/orders/suggest", fields, own.signal);
      const options = [...part.querySelectorAll("li")];
      options.forEach((option, number) => { option.id = `${list.id}-${number}`; });
      list.replaceChildren(...options);
      list.hidden = options.length === 0 || document.activeElement !== input;
      active = -1;
      input.setAttribute("aria-expanded", String(!list.hidden));
      if (!list.hidden) list.scrollIntoView({ block: "nearest" });
    } catch {
      if (!own.signal.aborted) close();
    }
  };
  input.addEventListener("input", () => {
    clearTimeout(pause);
    if (input.value.trim().length < 2) close();
    else pause = setTimeout(look, 100);
  });
  input.addEventListener("blur", () => setTimeout(close, 150));
  list.addEventListener("pointerdown", (event) => {
    const option = event.target.closest("li");
    event.preventDefault();
    if (option) pick(option);
  });
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const last = list.children.length - 1;
    if (event.key === "ArrowDown") mark(active >= last ? 0 : active + 1);
    else if (event.key === "ArrowUp") mark(active <= 0 ? last : active - 1);
    else if (event.key === "Enter" && !event.ctrlKey) pick(list.children[Math.max(active, 0)]);
    else if (event.key === "Escape") close();
    else return;
    if (event.key !== "Enter" || !input.dataset.enter) event.preventDefault();
  });
}

for (const form of document.querySelectorAll("form[data-panel]")) {
  live(form);
  for (const input of form.querySelectorAll("input[data-suggest]")) suggest(input, form);
}

/** The letters beside a decision, and how the words for the member read, after each pause in typing. */
function follow(form) {
  let pause, running, said;
  form.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(async () => {
      running?.abort();
      const own = running = new AbortController();
      try {
        const part = await ask(form.dataset.letter, new FormData(form), own.signal);
        replace("letter", part);
        replace("grade", part);
        const verdict = document.querySelector("#letter p").textContent;
        if (verdict !== said) document.getElementById("said").textContent = said = verdict;
      } catch (error) {
        if (!own.signal.aborted) document.getElementById("letter").textContent = `${inWords(error)} What stood here is not up to date.`;
      }
    }, 2 * PAUSE);
  });
}
for (const form of document.querySelectorAll("form[data-letter]")) follow(form);

/** What is typed is kept at the service after each pause, and before the form is sent anywhere; nobody leaves while it is not. */
function guard(form) {
  let quiet, saving = Promise.resolve(true), dirty = false, sending = false;
  const save = () => {
    clearTimeout(quiet);
    dirty = false;
    const lost = (error) => {
      dirty = true;
      document.getElementById("kept").textContent = `${inWords(error)} Nothing was sent, and what you typed is not kept yet.`;
      return false;
    };
    saving = saving.then(() => ask(form.dataset.keep, new FormData(form))).then((part) => { replace("kept", part); return true; }).catch(lost);
    return saving;
  };
  for (const kind of ["input", "change"]) {
    form.addEventListener(kind, () => {
      dirty = true;
      clearTimeout(quiet);
      quiet = setTimeout(save, QUIET);
    });
  }
  form.addEventListener("submit", (event) => {
    if (sending || form.dataset.sent) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    save().then((kept) => {
      if (!kept) return document.getElementById("kept").scrollIntoView({ block: "nearest" });
      sending = true;
      form.requestSubmit(event.submitter);
      sending = false;
    });
  });
  window.addEventListener("beforeunload", (event) => {
    if (dirty) event.preventDefault();
  });
}
for (const form of document.querySelectorAll("form[data-keep]")) guard(form);

/** Asks for a list again while somebody works with it; what has not changed is not sent again. A list that nobody touches is left alone,
    so that it does not keep a session from ending, and says since when it was. */
function poll(list) {
  let mark = list.dataset.mark, touched = Date.now(), seen = new Date();
  const stale = document.getElementById("stale");
  const tell = (text) => { if (stale.textContent !== text) stale.textContent = text; };
  const since = () => `This list is of ${seen.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" })}.`;
  const look = async () => {
    try {
      const { response, part } = await answerOf(list.dataset.poll, { headers: { "If-None-Match": mark } });
      seen = new Date();
      tell("");
      if (response.status === 304) return;
      mark = response.headers.get("etag");
      const focused = document.activeElement?.id;
      replace(list.id, part);
      if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus();
      document.getElementById("said").textContent = "The list changed.";
    } catch (error) {
      tell(`${inWords(error)} ${since()}`);
    }
  };
  for (const kind of ["pointerdown", "pointermove", "wheel", "keydown"]) {
    document.addEventListener(kind, () => {
      const rested = Date.now() - touched > REST;
      touched = Date.now();
      if (rested) look();
    }, { passive: true });
  }
  setInterval(() => {
    if (Date.now() - touched > REST) tell(`${since()} It goes on when you touch the page.`);
    else if (!document.hidden) look();
  }, 20_000);
}
for (const list of document.querySelectorAll("[data-poll]")) poll(list);

// Single keys, while nothing is typed in and nobody has switched them off. Switched off once they are off on every page.
document.getElementById("keys")?.addEventListener("change", (event) => {
  const keys = event.target.checked ? "on" : "off";
  document.body.dataset.keys = keys;
  ask("/session/keys", [["keys", keys]]).catch(() => {}); // off on this page, at least
});
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input:not([type=checkbox]):not([type=radio]), select, textarea");
  if (typing || event.ctrlKey || event.altKey || event.metaKey || document.body.dataset.keys === "off" || document.querySelector("dialog[open]")) return;
  const button = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (button) {
    event.preventDefault();
    button.click();
    return;
  }
  const rows = [...document.querySelectorAll("[data-row]")];
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
  if (!step || rows.length === 0 || (event.target !== document.body && !event.target.closest("table, main"))) return;
  event.preventDefault();
  const place = rows.indexOf(document.activeElement);
  rows[place < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(place + step, 0), rows.length - 1)].focus();
});

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if ("again" in form.dataset) return; // what comes is a file, and the page stays
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
});

// A page that the browser brings back from memory may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// Numbers that people read out and paste elsewhere.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  const label = button.textContent;
  button.addEventListener("click", async () => {
    const copied = document.getElementById(button.dataset.copy);
    await navigator.clipboard.writeText(copied.textContent.trim());
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}
