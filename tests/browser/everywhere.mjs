// What holds for every page: accessible, small, safe, printable, and usable whoever somebody is and whatever they are called.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { ADMINISTRATOR, DESK, NURSE, PHYSICIAN, PLAN, SECOND_PHYSICIAN, SERVICING, axe, base, byHand, call, denied, enterTc, field, open, pend, says, sendOrder, unoptimized } from "./helpers.mjs";

const pictures = process.env.PORTAL_PICTURES; // a directory for pictures of every page, where they are wanted
if (pictures) await mkdir(pictures, { recursive: true });

const LOOKS = [[1280, "none"], [360, "none"], [320, "none"], [1280, "active"], [360, "active"], [320, "active"]];

/** Cases in every state that a page shows, for all the tests of this file. */
let cases;
async function states() {
  if (cases) return cases;
  const [waiting, handed, gone] = [await pend(), await pend(), await denied()];
  const review = (token, what, body) => call(token, `/v1/reviews/${handed.case_id}/${what}`, body);
  await review(NURSE, "information-requests", { items: ["the echocardiogram"] });
  await review(NURSE, "peer-to-peer", { event: "offered", with: "front desk" });
  await review(NURSE, "escalations", { rationale: "no regimen has these drugs" });
  await call(DESK, `/v1/orders/${gone.case_id}/reconsiderations`, { reason: "two trials support it" });
  return cases = { waiting: waiting.case_id, handed: handed.case_id, denied: gone.case_id };
}

/** The pages of each role; a function does what it takes to get to one. */
const PAGES = {
  [DESK]: (cases) => ["/", "/orders/new", "/orders", "/orders?tab=asked", "/orders?tab=ending", "/status", "/verify", "/sandbox/clock", "/session", "/pathways", "/coverage", "/desk",
    `/cases/${cases.handed}`, `/cases/${cases.denied}`, `/cases/${cases.waiting}/again`, `/cases/${cases.waiting}/edit`,
    ["change", async (page) => {
      await page.goto(`${base}/cases/${cases.waiting}/edit`);
      await field(page, "/clinical/weight_kg").fill("75");
      await Promise.all([page.waitForEvent("domcontentloaded"), page.click("button[value=send]")]);
      await page.waitForSelector("#changes");
    }],
    ["refused", async (page) => {
      await page.goto(`${base}/orders/new`);
      await Promise.all([page.waitForEvent("domcontentloaded"), page.click("button[value=send]")]);
      await page.waitForSelector("#faults");
    }]],
  [SERVICING]: (cases) => ["/", "/verify", "/orders", `/cases/${cases.waiting}`],
  [NURSE]: (cases) => ["/", "/reviews", "/reviews?show=all", `/cases/${cases.waiting}/review`, "/status"],
  [PHYSICIAN]: (cases) => ["/reviews?show=all", `/cases/${cases.handed}/review`,
    ["decide", async (page) => {
      await page.goto(`${base}/cases/${cases.handed}/review`);
      await page.check("#all-authorized");
      await page.click('button[value="confirm"]');
      await page.waitForSelector('button[value="decide"]');
    }]],
  [SECOND_PHYSICIAN]: (cases) => [`/cases/${cases.denied}/review`],
  [PLAN]: () => ["/", "/plan", "/status"],
  [ADMINISTRATOR]: () => ["/", "/admin/registrations"],
  "": () => ["/", "/login", "/register", "/nowhere"],
};

async function visit(page, path) {
  if (typeof path === "string") await page.goto(base + path);
  else await path[1](page);
  for (const closed of await page.locator("main details:not([open]) > summary").all()) if (await closed.isVisible()) await closed.click();
}

export const tests = {
  async "every page is accessible at every width and in forced colours, scrolls one way and asks nobody else"() {
    const found = [];
    const of = await states();
    let looked = 0;
    const work = Object.entries(PAGES).flatMap(([person, paths]) => paths(of).map((path) => [person, path]));
    const look = async (person, paths) => {
      const { context, page, complaints } = await open(person || null, { bypassCSP: true });
      for (const path of paths) {
        await visit(page, path);
        await page.evaluate(axe);
        for (const [width, forcedColors] of LOOKS) {
          await page.setViewportSize({ width, height: 800 });
          await page.emulateMedia({ forcedColors });
          const name = typeof path === "string" ? path : path[0];
          const where = `${name} as ${person || "nobody"} at ${width}${forcedColors === "active" ? " in forced colours" : ""}`;
          if (await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth + 1)) found.push(`${where}: scrolls sideways`);
          const blank = await page.evaluate(() => document.documentElement.scrollHeight - Math.max(innerHeight, scrollY + document.querySelector(".bottom").getBoundingClientRect().bottom));
          if (blank > 40) found.push(`${where}: ${Math.round(blank)} blank pixels below its foot`);
          // forced colours change colours alone
          const only = forcedColors === "active" ? { runOnly: { type: "rule", values: ["color-contrast", "link-in-text-block"] } } : {};
          const { violations } = await page.evaluate((only) => window.axe.run({ resultTypes: ["violations"], ...only }), only);
          for (const one of violations) found.push(`${where}: ${one.id}: ${one.nodes[0].html.slice(0, 160)}`);
          looked += 1;
          if (pictures && forcedColors === "none") {
            const file = name.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "case").replaceAll(/[/?=]/g, "_");
            await page.screenshot({ path: `${pictures}/${person || "nobody"}${file}-${width}.png`, fullPage: true });
          }
        }
        await page.setViewportSize({ width: 1280, height: 800 });
        await page.emulateMedia({ forcedColors: "none" });
      }
      found.push(...complaints.filter((complaint) => !complaint.includes("404")));
      await context.close();
    };
    // two at a time
    const people = Object.keys(PAGES);
    const next = async () => {
      for (let person = people.shift(); person !== undefined; person = people.shift()) await look(person, work.filter(([who]) => who === person).map(([, path]) => path));
    };
    await Promise.all([next(), next()]);
    assert.deepEqual(found, []);
    return `${looked} looks`;
  },

  async "no page breaks its own policy, and each link of each role's pages leads somewhere"() {
    const of = await states();
    const broken = [];
    for (const person of [DESK, NURSE, PLAN, ADMINISTRATOR]) {
      const { context, page, complaints } = await open(person);
      await page.addInitScript(() => {
        window.reports = 0;
        document.addEventListener("securitypolicyviolation", () => { window.reports += 1; });
      });
      for (const path of PAGES[person](of).filter((path) => typeof path === "string")) {
        await page.goto(base + path);
        if (await page.evaluate(() => window.reports)) broken.push(`${path}: reports`);
      }
      for (const link of await page.locator("nav.places a").evaluateAll((links) => links.map((one) => one.getAttribute("href")))) {
        const answer = await page.request.get(base + link);
        if (answer.status() !== 200) broken.push(`${link} as ${person}: ${answer.status()}`);
      }
      broken.push(...complaints);
      await context.close();
    }
    assert.deepEqual(broken, []);
  },

  async "a first visit of any page is at most 90 KB, shows the most within its time and moves nothing"() {
    const sizes = [];
    const of = await states();
    const pages = [[DESK, "/"], [DESK, "/orders/new"], [DESK, `/cases/${of.waiting}/edit`], [DESK, "/status"], [DESK, "/verify"], [DESK, "/orders"], [DESK, "/pathways"], [DESK, "/desk"],
      [NURSE, "/reviews"], [PHYSICIAN, `/cases/${of.handed}/review`], [PLAN, "/plan"]];
    for (const [person, path] of pages) {
      const { context, page } = await open(person);
      const session = await context.newCDPSession(page);
      await session.send("Network.enable");
      await session.send("Network.setCacheDisabled", { cacheDisabled: true });
      await session.send("Network.emulateNetworkConditions", { offline: false, latency: 40, downloadThroughput: 10e6 / 8, uploadThroughput: 10e6 / 8 });
      await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
      await page.addInitScript(() => {
        window.seen = { paint: 0, shift: 0 };
        new PerformanceObserver((list) => { for (const one of list.getEntries()) window.seen.paint = one.startTime; }).observe({ type: "largest-contentful-paint", buffered: true });
        new PerformanceObserver((list) => { for (const one of list.getEntries()) if (!one.hadRecentInput) window.seen.shift += one.value; }).observe({ type: "layout-shift", buffered: true });
      });
      let size = 0;
      session.on("Network.loadingFinished", (event) => { size += event.encodedDataLength; });
      await page.goto(base + path, { waitUntil: "load" });
      await page.waitForTimeout(300);
      const { paint, shift } = await page.evaluate(() => window.seen);
      const name = path.replace(of.waiting, "…").replace(of.handed, "…");
      sizes.push(`${name} ${Math.round(size / 1024)} KB ${Math.round(paint)} ms`);
      assert.ok(size <= 90 * 1024, `${name}: ${size} bytes`);
      assert.ok(shift <= 0.02, `${name} moves by ${shift}`);
      const limit = path === "/orders/new" ? 1500 : 1200;
      if (!unoptimized) assert.ok(paint <= limit, `${name}: largest paint after ${paint} ms`);
      await context.close();
    }
    return sizes.join(", ");
  },

  async "a form of another site does nothing, and signing out ends the session on the server"() {
    const { context, page } = await open(DESK);
    await page.route("http://elsewhere.example/", (route) => route.fulfill({ contentType: "text/html", body: `<form method="post" action="${base}/logout/everywhere"><button>x</button></form>` }));
    await page.goto("http://elsewhere.example/");
    await Promise.all([page.waitForNavigation(), page.click("button")]);
    assert.match(await page.textContent("main"), /Not from here|Sign in/);
    await page.goto(`${base}/status`);
    assert.equal(new URL(page.url()).pathname, "/status", "still signed in");
    const cookies = await context.cookies();
    await page.click(".who summary");
    await page.click('form[action="/logout"] button');
    await context.addCookies(cookies);
    await page.goto(`${base}/status`);
    assert.equal(new URL(page.url()).pathname, "/login");
    // a session that somebody planted is not the one that a person is signed in to
    const planted = cookies.map((cookie) => ({ ...cookie, value: "A".repeat(43) }));
    await context.clearCookies();
    await context.addCookies(planted);
    await page.goto(`${base}/login`);
    await page.click(`button[value="${DESK}"]`);
    assert.ok((await context.cookies()).every((cookie) => cookie.value !== "A".repeat(43)), "a new one");
    await context.close();
  },

  async "what is printed has no menus, repeats its heads and keeps rows whole"() {
    const of = await states();
    const { context, page } = await open(DESK);
    const text = async () => {
      const pdf = await page.pdf({ format: "Letter" });
      return (pdf.toString("latin1").match(/\/Type\s*\/Page\b(?!s)/g) ?? []).length;
    };
    await page.goto(`${base}/cases/${of.handed}`);
    const pages = await text();
    assert.ok(pages >= 1 && pages <= 8, `${pages} pages`);
    await page.emulateMedia({ media: "print" });
    const shown = await page.evaluate(() => {
      const style = (selector, name) => { const one = document.querySelector(selector); return one && getComputedStyle(one)[name]; };
      return { head: style("thead", "display"), row: style("tbody tr", "breakInside"), menu: style(".places", "display"), band: style(".top", "display"), foot: style(".bottom", "display") };
    });
    assert.deepEqual(shown, { head: "table-header-group", row: "avoid", menu: "none", band: "none", foot: "none" });
    await context.close();
    return `${pages} pages`;
  },

  async "people with odd names are ordered for, listed and printed"(odd) {
    const { context, page, complaints } = await open(DESK);
    let dialogs = 0;
    page.on("dialog", (dialog) => { dialogs += 1; dialog.dismiss(); });
    for (const member of odd) {
      await enterTc(page, member);
      await says(page, "No drug needs review here");
      await sendOrder(page);
      const name = `${member.first_name} ${member.last_name}`;
      assert.equal((await page.textContent("h1")).trim(), name);
      for (const width of [1280, 320]) {
        await page.setViewportSize({ width, height: 800 });
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth + 1), `${name} at ${width}`);
      }
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.goto(`${base}/orders`);
      assert.ok((await page.textContent("main")).includes(`${member.last_name}, ${member.first_name}`), name);
    }
    assert.equal(dialogs, 0);
    assert.deepEqual(complaints, []);
    await context.close();
  },
};
