// What the browser tests run against: a publisher and a webhook receiver of this process, and the real
// binary with a history of two months, all on free ports of the loopback interface.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

const HOUR = 3_600_000;

export const HOSTILE = `<img src=x onerror="alert(1)"><script>alert(2)</script> SCO "quoted' & done`;

// Titles as real newsrooms write them; `%` is a number.
const TITLES = {
  en: ["SCO summit number % opens in Astana", "Xi Jinping meets Putin again, talk %"],
  ru: ["Владимир Путин выступил на заседании № %", "ШОС: итоги встречи номер %"],
  zh: ["上合组织峰会第%次会议举行", "习近平会见外宾第%场"],
  ar: ["منظمة شنغهاي للتعاون تعقد اجتماعها رقم %", "بوتين يلتقي الرئيس للمرة %"],
};

const TOPICS = `
[[topic]]
id = "sco"
name = "Shanghai Cooperation Organisation"
tags = ["organisation"]
any = ["SCO", "ШОС", "上合组织", "منظمة شنغهاي للتعاون"]
[[topic]]
id = "putin"
name = "Владимир Путин"
any = ["Putin", "Путин", "بوتين"]
[[topic]]
id = "xi"
name = "习近平"
any = ["Xi Jinping", "习近平"]
`;

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

// Titles and descriptions are HTML within XML, so they are escaped twice.
function item({ id, title, text = "", at }) {
  return `<item><guid isPermaLink="false">${id}</guid><link>https://news.example/${id}</link>` +
    `<title>${escaped(escaped(title))}</title><description>${escaped(escaped(text))}</description>` +
    `<pubDate>${new Date(at).toUTCString()}</pubDate></item>`;
}

// Two months of news in one language, most of them about a topic, more by day than by night.
function history(language, now) {
  const items = [];
  const titles = TITLES[language];
  for (let hours = 1; hours < 60 * 24; hours += 7) {
    const n = items.length;
    items.push({
      id: `${language}-${n}`,
      title: titles[n % titles.length].replace("%", n),
      text: n % 3 === 0 ? `${titles[(n + 1) % titles.length].replace("%", `${n}-b`)}.` : "",
      at: now - hours * HOUR,
    });
  }
  return items;
}

async function serve(answer) {
  const server = createServer(answer);
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { server, url: `http://127.0.0.1:${server.address().port}` };
}

// Asks again and again until there is an answer that is no false one.
export async function until(what, check) {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await pause(50);
  }
}

export class World {
  static async start(binary) {
    const world = new World();
    const now = Date.now();
    world.items = new Map(Object.keys(TITLES).map((language) => [language, history(language, now)]));
    world.items.get("en").push({ id: "hostile", title: HOSTILE, at: now - HOUR });
    world.publisher = await serve((request, response) => {
      const language = request.url.slice(1);
      response.setHeader("Content-Type", "application/rss+xml; charset=utf-8");
      const items = world.items.get(language).map(item).join("");
      response.end(`<?xml version="1.0"?><rss version="2.0"><channel><title>${language}</title>` +
        `<language>${language}</language>${items}</channel></rss>`);
    });
    // The receiver refuses everything for good until it is told otherwise.
    world.answer = 400;
    world.received = [];
    world.receiver = await serve((request, response) => {
      request.on("data", () => {});
      request.on("end", () => {
        if (world.answer === 204) world.received.push(request.headers["webhook-id"]);
        response.statusCode = world.answer;
        response.end();
      });
    });
    world.folder = mkdtempSync(join(tmpdir(), "mentiond-browser-"));
    writeFileSync(join(world.folder, "mentiond.toml"), world.configuration());
    await world.run(binary);
    return world;
  }

  configuration() {
    const countries = { en: "GB", ru: "RU", zh: "CN", ar: "EG" };
    const feeds = Object.keys(TITLES).map((language) => `[[feed]]\nid = "${language}-wire"\n` +
      `name = "Wire ${language.toUpperCase()}"\nlanguage = "${language}"\ncountry = "${countries[language]}"\n` +
      `tags = ["agency"]\nurl = "${this.publisher.url}/${language}"\nallow_private_addresses = true\n`);
    return `database = "m.db"\n[web]\nenabled = true\nlisten = "127.0.0.1:0"\n` +
      `[schedule]\ninterval = "300ms"\nmin_interval = "1ms"\n` +
      `[[sink]]\nid = "desk"\ntype = "webhook"\nurl = "${this.receiver.url}/hook"\nmax_attempts = 1\n` +
      `pause_after = 1000\n${TOPICS}${feeds.join("")}`;
  }

  async run(binary) {
    const env = {
      HOME: this.folder,
      PATH: process.env.PATH,
      MENTIOND_FETCH_HOST_PAUSE: "0s",
      MENTIOND_FETCH_PER_DOMAIN: "64",
    };
    const config = join(this.folder, "mentiond.toml");
    this.daemon = spawn(binary, ["--config", config, "run"], { env, stdio: ["ignore", "ignore", "pipe"] });
    this.log = [];
    createInterface({ input: this.daemon.stderr }).on("line", (line) => this.log.push(line));
    const found = await until("the daemon's address", () => {
      if (this.daemon.exitCode !== null) throw new Error(`the daemon ended:\n${this.log.join("\n")}`);
      return this.log.map((line) => /serving pages on (http:\/\/[^/]+)/.exec(line)).find(Boolean);
    });
    this.url = found[1];
    const wanted = [...this.items.values()].reduce((sum, items) => sum + items.length, 0);
    await until("all entries", async () => {
      const { items } = await this.json("/api/v1/feeds");
      return items.reduce((sum, feed) => sum + feed.entries, 0) >= wanted;
    });
  }

  async json(path) {
    const answer = await fetch(this.url + path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  // A new entry in a feed.
  publish(language, id, title) {
    this.items.get(language).unshift({ id, title, at: Date.now() - 1000 });
  }

  async stop() {
    if (this.daemon?.exitCode === null) {
      const ended = new Promise((done) => this.daemon.once("exit", done));
      this.daemon.kill("SIGKILL");
      await ended;
    }
    for (const each of [this.publisher, this.receiver]) {
      each?.server.closeAllConnections();
      each?.server.close();
    }
    if (this.folder) rmSync(this.folder, { recursive: true, force: true });
  }
}
