// What every browser test needs: people with browsers of their own, patients of their own, and keys that are counted.
import { chromium } from "playwright-core";
import { readFileSync } from "node:fs";
import assert from "node:assert/strict";

export const base = process.env.PORTAL_URL;
/** A build that is not optimized, on a machine that does other things: times are told, and held to nothing. */
export const unoptimized = Boolean(process.env.PORTAL_UNOPTIMIZED);
export const axe = readFileSync(new URL("./node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
export const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });

export const DESK = "sandbox-ordering-provider";
export const SERVICING = "sandbox-servicing-provider";
export const NURSE = "sandbox-nurse";
export const PHYSICIAN = "sandbox-physician";
export const SECOND_PHYSICIAN = "sandbox-second-physician";
export const PLAN = "sandbox-health-plan";
export const ADMINISTRATOR = "sandbox-administrator";
const HEALTH_PLAN = "anthem-blue-medicare-advantage";

// Patients. The sandbox's own are few, and orders for one member are looked at together: every test gets its own, obviously made up.
const WORDS = ["Amber", "Birch", "Cedar", "Delta", "Ember", "Fjord", "Grove", "Heron", "Ivory", "Jasper", "Kelp", "Lotus", "Maple", "Nettle", "Opal", "Pebble"];
const ODD = [
  { first_name: "<script>alert(1)</script>", last_name: "O'Sample-\"Quote\"" },
  { first_name: "Example", last_name: "Sampleson".repeat(6) + "Fiction" },
  { first_name: "نموذج", last_name: "مثال" },
];
const made = [];
let taken = 0;
const run = String(Date.now() % 10_000).padStart(4, "0"); // a sandbox that is tested again has other patients

/** Adds the patients of these tests to the roster of the sandbox. */
export async function addPatients() {
  const file = new URL(`../../content/sandbox/${HEALTH_PLAN}/members.ndjson`, import.meta.url);
  const rows = readFileSync(file, "utf8").trim().split("\n");
  const like = JSON.parse(rows[0]);
  const add = (names, number) => {
    const row = { ...like, ...names, member_id: `XKM2${run}${String(number).padStart(4, "0")}`, address: null };
    rows.push(JSON.stringify(row));
    return row;
  };
  for (const [place, last] of WORDS.entries()) for (const [number, first] of WORDS.entries()) {
    if (number < 4) made.push(add({ first_name: `Test ${first}`, last_name: last }, place * 10 + number));
  }
  const odd = ODD.map((names, number) => add(names, 9000 + number));
  const answer = await fetch(`${base}/v1/rosters/${HEALTH_PLAN}/members?allow_drop=true`, { method: "PUT", body: rows.join("\n"),
    headers: { authorization: `Bearer ${ADMINISTRATOR}`, "content-type": "application/x-ndjson" } });
  assert.ok(answer.ok, `the roster: ${answer.status} ${answer.ok ? "" : await answer.text()}`);
  return odd;
}

/** A patient whom no other test has. */
export const patient = () => made[taken++] ?? assert.fail("there are no more patients");
export const inWords = ({ birth_date }) => { const [year, month, day] = birth_date.split("-"); return `${Number(month)}/${Number(day)}/${year.slice(2)}`; };

/** A browser of its own, with whatever its pages complain about. Nothing that they load may break their own policy. */
export async function open(person, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const complaints = [];
  const listen = (page) => {
    page.on("console", (message) => complaints.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(`script: ${error.message}`));
    page.on("request", (request) => { if (!request.url().startsWith(base)) complaints.push(`foreign request: ${request.url()}`); });
  };
  context.on("page", listen);
  const page = await context.newPage();
  await page.goto(`${base}/login`);
  if (person) await page.click(`button[value="${person}"]`);
  return { context, page, complaints };
}

/** Presses keys as a person does, and counts them. */
export function keyboard(page) {
  const keys = { count: 0 };
  keys.type = async (text) => { keys.count += text.length; await page.keyboard.type(text); };
  keys.press = async (...names) => { for (const name of names) { keys.count += 1; await page.keyboard.press(name); } };
  return keys;
}

/** The focus is on this field. */
export async function at(page, id) {
  const focused = await page.evaluate(() => document.activeElement?.id);
  assert.equal(focused, id, `the focus is on ${focused}`);
}

/** The panel says this. */
export async function says(page, text) {
  const said = () => page.evaluate(() => document.querySelector("#panel-body")?.textContent.replace(/\s+/g, " "));
  await page.waitForFunction((text) => document.querySelector("#panel-body")?.textContent.replace(/\s+/g, " ").includes(text), text, { timeout: 8000 })
    .catch(async () => assert.fail(`the panel does not say “${text}” but:${await said()}`));
}

/** The panel does not say this any more. */
export const saysNoMore = (page, text) =>
  page.waitForFunction((text) => !document.querySelector("#panel-body").textContent.replace(/\s+/g, " ").includes(text), text, { timeout: 8000 });

/** Waits until something holds of a page whose own clock stands still. */
export async function until(page, holds, argument, what = String(holds)) {
  for (let turn = 0; turn < 80; turn += 1) {
    if (await page.evaluate(holds, argument)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`it does not come to: ${what}`);
}

/** A field of order entry. */
export const field = (page, name) => page.locator(`[id="${name}"]`);

/** A day so far ahead, as people type it. */
export async function soon(page, days = 7) {
  const band = await page.textContent(".band");
  const now = new Date(band.match(/it is (\w+ \d+, \d+)/)[1]);
  now.setDate(now.getDate() + days);
  return `${now.getMonth() + 1}/${now.getDate()}/${now.getFullYear() % 100}`;
}

/** Fills the form with TC by field, not by key. */
export async function enterTc(page, member = patient()) {
  const day = await soon(page);
  await page.goto(`${base}/orders/new`);
  const fields = { "/member/member_id": member.member_id, "/member/last_name": member.last_name, "/member/first_name": member.first_name,
    "/member/birth_date": inWords(member), "/date_of_service": day, "/ordering_provider": "1234567893", "/servicing_provider": "1245319599",
    "/contact/phone": "+1 734 555 0100", "/diagnosis/icd10": "C50.911", "/clinical/stage": "IIA", "/clinical/height_cm": "165", "/clinical/weight_kg": "71.5", "regimen": "TC" };
  const choices = { "/member/health_plan": HEALTH_PLAN, "/place_of_service": "11", "/clinical/line_of_treatment": "adjuvant", "/clinical/performance_status": "1" };
  for (const [name, value] of Object.entries(choices)) await page.locator(`[name="${name}"]`).selectOption(value);
  for (const [name, value] of Object.entries(fields)) await page.locator(`[name="${name}"]`).fill(value);
  await Promise.all([page.waitForEvent("domcontentloaded"), page.locator("button[value=fill]").click()]);
  await page.locator('[name="/clinical/biomarkers/her2"]').selectOption("negative");
  return member;
}

/** Sends the form, and answers with the address of the case. */
export async function sendOrder(page) {
  await page.click("button[value=send]");
  await page.waitForURL(/\/cases\/[0-9a-f-]{36}$/, { timeout: 10_000 }).catch(async () => assert.fail(await page.textContent("main")));
  return page.url();
}

/** A call of the API, to have something on the desk. */
export async function call(token, path, body) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const answer = await fetch(base + path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${path}: ${answer.status} ${answer.ok ? "" : await answer.text()}`);
  return answer.json();
}

/** An order that no regimen has: a nurse looks at it. */
export async function pend(member = patient()) {
  const drug = (line, hcpcs, amount, unit) => ({ line, hcpcs, route: "iv", dose: { amount, unit }, days: [1] });
  const { member_id, first_name, last_name, birth_date } = member;
  const { now } = await call(ADMINISTRATOR, "/v1/sandbox/clock");
  const placed = await call(DESK, "/v1/orders", {
    member: { health_plan: HEALTH_PLAN, member_id, first_name, last_name, birth_date },
    service: "medical_oncology", date_of_service: new Date(Date.parse(now) + 9 * 86400e3).toISOString().slice(0, 10),
    ordering_provider: { npi: "1234567893", first_name: "Ordering", last_name: "Clinician" }, servicing_provider: { npi: "1245319599", name: "Sample Infusion Center" },
    contact: { name: "Front desk", phone: "+1 734 555 0100" }, diagnosis: { icd10: "C50.911" },
    clinical: { cancer_type: "breast", stage: "IIA", line_of_treatment: "adjuvant", performance_status: { scale: "ecog", value: 1 },
      biomarkers: [{ name: "her2", result: "negative", on: now.slice(0, 10) }], height_cm: 165, weight_kg: 71.5 },
    treatment: { phases: [{ cycle_length_days: 21, cycles: 4, drugs: [drug(1, "J9171", 75, "mg/m2"), drug(2, "J9299", 240, "mg")] }] },
  });
  return { ...placed, member };
}

/** An order that was denied. */
export async function denied(member = patient()) {
  const placed = await pend(member);
  const review = (token, what, body) => call(token, `/v1/reviews/${placed.case_id}/${what}`, body);
  await review(NURSE, "peer-to-peer", { event: "offered", with: "front desk", notes: "left a number" });
  await review(NURSE, "escalations", { rationale: "does not meet the criteria" });
  const line = (line) => ({ line, decision: "non_authorized", reason_code: "not_medically_necessary",
    rationale: "the evidence does not support this drug here", rationale_for_member: "This drug is not known to help with your illness." });
  await review(PHYSICIAN, "determinations", { drugs: [line(2)] });
  return placed;
}

/** Sends the form of a page by hand, with other values. */
export const byHand = (page, form, values) => page.evaluate(async ([form, values]) => {
  const element = document.querySelector(form);
  const fields = new URLSearchParams(new FormData(element));
  for (const [name, value] of Object.entries(values)) fields.set(name, value);
  const answer = await fetch(element.action, { method: "POST", body: fields });
  return [answer.status, await answer.text()];
}, [form, values]);
