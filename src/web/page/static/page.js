// What the pages do beyond being read. All changes go through the API; nothing here makes HTML of texts.
"use strict";

const told = document.getElementById("told");

function tell(text) {
  told.textContent = text;
  told.hidden = false;
  told.scrollIntoView({ block: "nearest" });
}

// Asks the API, and says what was wrong if it refuses. True if it did as it was asked.
async function ask(method, path, body) {
  const headers = { "X-Mentiond": "page" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
    if (answer.ok) return true;
    const problem = await answer.json().catch(() => ({}));
    const part = problem.parameter ? `${problem.parameter}: ` : "";
    tell(part + (problem.detail || problem.title || `The daemon answered ${answer.status}.`));
  } catch {
    tell("The daemon can't be reached.");
  }
  return false;
}

// Does the work once, however often it is asked for meanwhile.
async function once(button, work) {
  if (button.disabled) return;
  button.disabled = true;
  try {
    await work();
  } finally {
    button.disabled = false;
  }
}

for (const button of document.querySelectorAll("button[data-path]")) {
  button.addEventListener("click", () => once(button, async () => {
    if (await ask(button.dataset.method, button.dataset.path)) location.reload();
  }));
}

for (const form of document.querySelectorAll("form[data-silence]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const wanted = {};
    for (const [name, value] of new FormData(form)) {
      if (name !== "what" && value.trim() !== "") wanted[name] = value.trim();
    }
    const what = form.elements.namedItem("what");
    if (what) wanted[what.value] = what.selectedOptions[0].dataset.value;
    if (!["topic", "source", "story", "pattern"].some((part) => part in wanted)) {
      tell("Choose a topic or a feed, or write words of the title.");
      return;
    }
    once(form.querySelector("button"), async () => {
      if (await ask("POST", "/api/v1/silences", wanted)) location.assign("/silences");
    });
  });
}

const login = document.querySelector("form[data-login]");
if (login) {
  login.addEventListener("submit", (event) => {
    event.preventDefault();
    const password = login.elements.namedItem("password").value;
    once(login.querySelector("button"), async () => {
      if (await ask("POST", "/api/v1/session", { password })) location.replace(location.href);
    });
  });
  // A link on another site leads here without the session's cookie; asked from here, it is sent.
  const again = `again ${location.pathname}`;
  if (sessionStorage.getItem(again)) {
    sessionStorage.removeItem(again);
  } else {
    fetch("/api/v1/session").then((answer) => {
      if (!answer.ok) return;
      sessionStorage.setItem(again, "1");
      location.replace(location.href);
    }).catch(() => {});
  }
}

const logout = document.querySelector("button[data-logout]");
if (logout) {
  logout.addEventListener("click", () => once(logout, async () => {
    if (await ask("DELETE", "/api/v1/session")) location.assign("/");
  }));
}

// How long ago that was, or how far ahead it is, in the words that the server uses.
function distance(at) {
  const seconds = Math.floor((Date.now() - at) / 1000);
  const span = Math.abs(seconds);
  const units = [[86_400, "d"], [3_600, "h"], [60, "min"]];
  const unit = units.find(([length]) => span >= length);
  if (!unit) return seconds >= 0 ? "just now" : "in a moment";
  const [length, name] = unit;
  return seconds >= 0 ? `${Math.floor(span / length)} ${name} ago` : `in ${Math.round(span / length)} ${name}`;
}

// Times go on while the page is open, and say in the reader's own clock when they were.
function tick() {
  for (const time of document.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    time.title = at.toLocaleString();
    const words = distance(at);
    if (time.textContent !== words) time.textContent = words;
  }
}
tick();
setInterval(tick, 30_000);

// New mentions at the head of their list, as they are recorded.
const list = document.getElementById("mention-list");
if (list) {
  const cards = new Map();
  for (const card of document.querySelectorAll("[data-topic]")) cards.set(card.dataset.topic, card);
  const live = document.getElementById("live");
  const most = 50;
  let count = 0;

  const part = (tag, text, attributes) => {
    const element = Object.assign(document.createElement(tag), attributes);
    element.textContent = text;
    return element;
  };

  const add = (mention) => {
    const text = mention.title || mention.snippet;
    const isWeb = /^https?:\/\//i.test(mention.link || "");
    const title = part("p", "", { className: "title", dir: "auto", lang: mention.language || "" });
    title.append(part("a", text, { href: `/stories/${encodeURIComponent(mention.story)}` }));
    const facts = part("p", "", { className: "quiet" });
    const when = (at) => part("time", distance(new Date(at)), { dateTime: at, title: new Date(at).toLocaleString() });
    const card = cards.get(mention.topic);
    facts.append(
      part("a", card?.dataset.name || mention.topic, { dir: "auto", href: `/topics/${encodeURIComponent(mention.topic)}` }), " · ",
      isWeb
        ? part("a", mention.source, { dir: "auto", href: mention.link, rel: "noreferrer noopener" })
        : part("span", mention.source, { dir: "auto" }), " · ",
      when(mention.found),
    );
    if (mention.published) facts.append(" · published ", when(mention.published));
    const item = part("li", "", { className: "fresh" });
    item.append(title, facts);
    list.querySelector("li.none")?.remove();
    list.prepend(item);
    while (list.children.length > most) list.lastElementChild.remove();
    count += 1;
    // A mention counts when its entry was published.
    const day = card?.querySelector("[data-day]");
    if (day && Date.now() - new Date(mention.published || mention.found) < 86_400_000) day.textContent = Number(day.textContent) + 1;
    live.textContent = count === 1 ? "1 new mention since the page was opened" : `${count} new mentions since the page was opened`;
    live.hidden = false;
  };

  const stream = new EventSource(list.dataset.stream);
  stream.addEventListener("mention", (event) => add(JSON.parse(event.data)));
  addEventListener("pagehide", () => stream.close());
}
