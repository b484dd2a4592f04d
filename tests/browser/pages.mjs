// Accessibility of what is read outside the portal's own pages: the first page, the API description, summaries, letters and worksheets.
// `scripts/check-pages` starts a sandbox and runs this.
import { chromium } from "playwright-core";
import { readFileSync } from "node:fs";
import assert from "node:assert/strict";

const base = process.env.PORTAL_URL;
const axe = readFileSync(new URL("./node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });

async function call(token, method, path, body) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const answer = await fetch(base + path, { method, headers, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${answer.ok ? "" : await answer.text()}`);
  return answer.json();
}

const day = new Date(Date.now() + 7 * 86400e3).toISOString().slice(0, 10);
const drug = (line, hcpcs, amount, unit) => ({ line, hcpcs, route: "iv", dose: { amount, unit }, days: [1] });
const order = (drugs) => ({
  member: { health_plan: "anthem-blue-medicare-advantage", member_id: "XKM100200300", first_name: "Test", last_name: "Member", birth_date: "1950-01-15" },
  service: "medical_oncology", date_of_service: day,
  ordering_provider: { npi: "1234567893", first_name: "Ordering", last_name: "Clinician" },
  servicing_provider: { npi: "1245319599", name: "Sample Infusion Center" },
  diagnosis: { icd10: "C50.911" },
  clinical: { cancer_type: "breast", stage: "IIA", line_of_treatment: "adjuvant", performance_status: { scale: "ecog", value: 1 },
    biomarkers: [{ name: "her2", result: "negative" }], height_cm: 165, weight_kg: 71.5 },
  treatment: { phases: [{ cycle_length_days: 21, cycles: 4, drugs }] },
});
const desk = "sandbox-ordering-provider";
const denied = await call(desk, "POST", "/v1/orders", order([drug(1, "J9171", 75, "mg/m2"), drug(2, "J9299", 240, "mg")]));
const review = (token, what, body) => call(token, "POST", `/v1/reviews/${denied.case_id}/${what}`, body);
await review("sandbox-nurse", "peer-to-peer", { event: "offered", with: "front desk", notes: "left a number" });
await review("sandbox-nurse", "escalations", { rationale: "does not meet the criteria" });
const ends = await review("sandbox-physician", "determinations", { drugs: [{ line: 2, decision: "non_authorized", reason_code: "not_medically_necessary",
  rationale: "the evidence does not support this drug here", rationale_for_member: "This drug is not known to help with your illness." }] });
const pages = [["/", ""], ["/docs", ""], [`/v1/orders/${denied.case_id}/summary`, desk], ["/v1/worksheets/blue-medicare-advantage-ccq/breast", desk],
  ...ends.letters.map((letter) => [`/v1/letters/${letter.letter_id}`, desk])];

let faults = 0;
for (const [path, token] of pages) {
  const extraHTTPHeaders = token ? { authorization: `Bearer ${token}`, accept: "text/html" } : { accept: "text/html" };
  for (const width of [320, 1280]) {
    const context = await browser.newContext({ viewport: { width, height: 800 }, extraHTTPHeaders, bypassCSP: true });
    const page = await context.newPage();
    const begun = Date.now();
    await page.goto(base + path, { waitUntil: "commit" });
    await page.waitForSelector(path === "/docs" ? "main h3" : "h1"); // the first operation, or what a page is about
    const took = Date.now() - begun;
    await page.waitForLoadState();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    await page.addScriptTag({ content: axe });
    const { violations } = await page.evaluate(() => globalThis.axe.run(document));
    for (const found of violations) console.log(`${path} at ${width}: ${found.impact}: ${found.id}: ${found.nodes[0].html.slice(0, 160)}`);
    if (wide) console.log(`${path} scrolls sideways at ${width}`);
    if (took > 1000) console.log(`${path} took ${took} ms`);
    faults += violations.length + Number(wide) + Number(took > 1000);
    await context.close();
  }
  console.log(`${path}: looked at`);
}
await browser.close();
process.exit(faults === 0 ? 0 : 1);
