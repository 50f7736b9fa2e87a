// The pages in a browser; run.sh says how it is started.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { HOSTILE, World, until } from "./world.mjs";

const { chromium } = createRequire(`${process.env.MENTIOND_PLAYWRIGHT}/`)("playwright-core");
const screenshots = process.env.MENTIOND_SCREENSHOTS;

let world;
let browser;

before(async () => {
  world = await World.start(process.env.MENTIOND_BINARY);
  browser = await chromium.launch({
    executablePath: process.env.MENTIOND_CHROMIUM,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
      "--disable-background-networking", "--disable-component-update",
    ],
  });
  if (screenshots) mkdirSync(screenshots, { recursive: true });
});

after(async () => {
  await browser?.close();
  await world?.stop();
});

// Runs `visit` with a page of its own, and fails if the page complained, asked others, or opened a dialog.
async function inPage({ unless, ...options }, visit) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const complaints = [];
    page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("dialog", (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(`${world.url}/`) && url !== "data:,") complaints.push(`asked ${url}`);
    });
    await visit(page);
    assert.deepEqual(complaints.filter((complaint) => !unless?.test(complaint)), []);
  } finally {
    await context.close();
  }
}

async function open(page, path) {
  const answer = await page.goto(world.url + path);
  assert.equal(answer.status(), 200, path);
}

// The address of the story that has this entry.
async function story(id) {
  for (let more = ""; ;) {
    const { items, next } = await world.json(`/api/v1/mentions?limit=500${more}`);
    const mention = items.find((mention) => mention.link === `https://news.example/${id}`);
    if (mention) return `/stories/${mention.story}`;
    assert.ok(next, `no mention in ${id}`);
    more = `&cursor=${next}`;
  }
}

const LOOKS = {
  light: {},
  dark: { colorScheme: "dark" },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
};

for (const [look, options] of Object.entries(LOOKS)) {
  test(`every page loads, ${look}`, async () => {
    const paths = {
      overview: "/",
      topic: "/topics/sco",
      story: await story("hostile"),
      search: "/search?q=Astana",
      alerts: "/alerts",
      silences: "/silences",
      feeds: "/feeds",
    };
    for (const [name, path] of Object.entries(paths)) {
      await inPage(options, async (page) => {
        await open(page, path);
        assert.ok(await page.locator("h1").innerText(), path);
        const wide = await page.evaluate(() => {
          const { scrollWidth, clientWidth } = document.documentElement;
          return scrollWidth > clientWidth;
        });
        assert.equal(wide, false, `${path} must be scrolled sideways`);
        if (screenshots) await page.screenshot({ path: join(screenshots, `${name}-${look}.png`), fullPage: true });
      });
    }
  });
}

test("charts have bars that can be seen", async () => {
  for (const path of ["/", "/topics/sco"]) {
    await inPage({}, async (page) => {
      await open(page, path);
      const heights = await page.locator("main svg").first().evaluate((svg) =>
        [...svg.querySelectorAll("rect, path")].map((bar) => bar.getBoundingClientRect().height));
      assert.ok(heights.filter((height) => height > 2).length > 5, `${path}: ${heights}`);
    });
  }
});

test("a bar of a topic's chart leads to a closer look", async () => {
  await inPage({}, async (page) => {
    await open(page, "/topics/sco");
    const bar = page.locator("main svg a").last();
    await bar.focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/by=hour/);
    assert.ok(await page.locator("main svg.bars g[role=img]").count() >= 23);
  });
});

test("a hostile title is text", async () => {
  world.publish("en", "hostile-again", HOSTILE);
  await until("its mention", async () => (await world.json("/api/v1/mentions?limit=1")).items[0].title === HOSTILE);
  for (const path of ["/", "/alerts", "/topics/sco", await story("hostile"), "/search?q=quoted"]) {
    await inPage({}, async (page) => {
      await open(page, path);
      await page.getByText(HOSTILE).first().waitFor();
    });
  }
});

test("what is searched for is found and marked, in any script", async () => {
  for (const [words, marked] of [["Astana summit", "Astana"], ["习近平", "习近平"], ["شنغهاي", "شنغهاي"], ["путин", "Путин"]]) {
    await inPage({}, async (page) => {
      await open(page, "/search");
      await page.getByRole("searchbox").fill(words);
      await page.keyboard.press("Enter");
      await page.waitForURL(/[?&]q=/);
      await page.locator("main mark", { hasText: marked }).first().waitFor();
    });
  }
});

test("a search that can't be read says why, and one without hits says so", async () => {
  // A browser's console tells of every answer that is an error.
  await inPage({ unless: /status of 400/ }, async (page) => {
    await page.goto(`${world.url}/search?q=${encodeURIComponent("sco since:soon")}`);
    await page.locator("main #fault", { hasText: "since:soon" }).waitFor();
    assert.equal(await page.getByRole("searchbox").inputValue(), "sco since:soon");
  });
  await inPage({}, async (page) => {
    await open(page, "/search?q=nobodywrotethis");
    await page.getByText(/nothing/i).first().waitFor();
  });
});

test("Arabic is written from the right", async () => {
  await inPage({}, async (page) => {
    await open(page, "/search?q=شنغهاي");
    const title = page.locator("main .title", { hasText: "شنغهاي" }).first();
    assert.equal(await title.evaluate((element) => getComputedStyle(element).direction), "rtl");
  });
});

test("a new mention appears by itself", async () => {
  await inPage({}, async (page) => {
    await open(page, "/");
    world.publish("zh", "live-1", "上合组织发表新声明，直播");
    await page.locator("#mention-list li", { hasText: "上合组织发表新声明，直播" }).waitFor();
    await page.getByText("1 new mention").waitFor();
  });
});

test("a dead letter is tried again", async () => {
  const dead = async () => (await world.json("/api/v1/alerts?state=dead&limit=500")).items;
  await until("dead letters", async () => (await dead()).length > 0);
  world.answer = 204;
  await inPage({}, async (page) => {
    await open(page, "/alerts?state=dead");
    const button = page.getByRole("button", { name: "Try again" }).first();
    const path = await button.getAttribute("data-path");
    const id = path.split("/").at(-2);
    await button.click();
    await until("the delivery", () => world.received.includes(id));
    await until("its state", async () => (await world.json(`/api/v1/alerts/${id}`)).alert.deliveries[0].state === "delivered");
  });
});

test("a silence is added, holds an alert back, and is ended", async () => {
  world.answer = 204;
  await inPage({}, async (page) => {
    await open(page, "/silences");
    await page.getByText("Add a silence").click();
    await page.getByLabel("Topic").selectOption("putin");
    await page.getByLabel("Why").fill("на встрече");
    await page.getByRole("button", { name: "Add" }).click();
    const active = page.locator("section", { has: page.getByRole("heading", { name: "Active" }) });
    await active.getByText("на встрече").waitFor();
    world.publish("ru", "silent-1", "Путин молчит");
    await until("the silenced alert", async () => {
      const { items } = await world.json("/api/v1/alerts?state=silenced");
      return items.some((alert) => alert.title === "Путин молчит");
    });
    await active.getByRole("button", { name: "End now" }).click();
    const ended = page.locator("section", { has: page.getByRole("heading", { name: "Ended" }) });
    await ended.getByText("на встрече").waitFor();
  });
});

test("the keyboard reaches everything", async () => {
  await inPage({}, async (page) => {
    await open(page, "/");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("href")), "#main");
    const links = await page.locator("header nav a").count();
    for (let n = 0; n < links; n += 1) await page.keyboard.press("Tab");
    const [inNav, outlined] = await page.evaluate(() => {
      const { outlineStyle } = getComputedStyle(document.activeElement);
      return [document.activeElement.matches("header nav a"), outlineStyle !== "none"];
    });
    assert.ok(inNav && outlined);
  });
});

test("pages are read without JavaScript", async () => {
  await inPage({ javaScriptEnabled: false }, async (page) => {
    await open(page, "/");
    await page.getByRole("link", { name: "Shanghai Cooperation Organisation" }).first().click();
    await page.waitForURL(/\/topics\/sco/);
    await page.locator("main svg").first().waitFor();
    await open(page, "/search");
    await page.getByRole("searchbox").fill("Astana");
    await page.keyboard.press("Enter");
    await page.locator("main mark").first().waitFor();
  });
});
