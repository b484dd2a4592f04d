// The review desk.
import assert from "node:assert/strict";
import { ADMINISTRATOR, NURSE, PHYSICIAN, SECOND_PHYSICIAN, DESK, base, byHand, call, denied, open, pend, until } from "./helpers.mjs";

export const tests = {
  async "a nurse works the list with keys alone: takes a case, asks, hands it over, and finds no way to deny"() {
    const { case_id, case_number } = await pend();
    const { context, page, complaints } = await open(NURSE);
    await page.goto(`${base}/reviews`);
    const rows = await page.locator("[data-row]").allTextContents();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), rows[0], "back on the first row");
    for (let step = 0; step < rows.findIndex((row) => row.includes(case_number)); step += 1) await page.keyboard.press("j");
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    assert.equal(page.url(), `${base}/cases/${case_id}/review`);
    assert.match(await page.textContent(".acts"), /Yours until/);
    assert.equal(await page.locator('input[value="non_authorized"], [name="rationale"]').count(), 0, "nothing to deny with");
    await page.locator('summary:has-text("Ask for information")').focus();
    await page.keyboard.press("Enter");
    await page.locator("#others").focus();
    await page.keyboard.type("The echocardiogram j k ]");
    // Enter in a field shows what would be decided, and takes no other case
    await page.locator("#contacted_name").fill("Front desk");
    await Promise.all([page.waitForNavigation(), page.locator("#contacted_name").press("Enter")]);
    assert.equal(new URL(page.url()).pathname, `/cases/${case_id}/review/decide`);
    assert.equal(await page.inputValue("#others"), "The echocardiogram j k ]");
    if (!(await page.locator('button[formaction$="/ask"]').isVisible())) await page.locator('summary:has-text("Ask for information")').click();
    await Promise.all([page.waitForNavigation(), page.locator('button[formaction$="/ask"]').press("Enter")]);
    assert.match(await page.textContent(".events"), /asked for: The echocardiogram j k \]/);
    // what is sent by hand is refused all the same
    const [status, text] = await byHand(page, "#decide", { all: "non_authorized", reason: "not_medically_necessary", rationale: "x", do: "decide" });
    assert.equal(status, 409);
    assert.match(text, /only a physician may decide against authorization/i);
    await page.locator('summary:has-text("Hand over")').click();
    await page.fill("#handover_rationale", "no regimen has these drugs");
    await Promise.all([page.waitForNavigation(), page.click('button[formaction$="/handover"]')]);
    assert.deepEqual(complaints.filter((one) => !one.includes("409")), []);
    await context.close();
  },

  async "two reviewers reach for a case, and one is told who has it"() {
    const { case_id } = await pend();
    const [nurse, physician] = await Promise.all([open(NURSE), open(PHYSICIAN)]);
    const take = ({ page }) => page.evaluate(async (path) => {
      const answer = await fetch(path, { method: "POST" });
      return [answer.status, answer.url, await answer.text()];
    }, `/cases/${case_id}/review/claim`);
    const answers = await Promise.all([take(nurse), take(physician)]);
    const lost = answers.filter(([status]) => status === 409);
    assert.equal(lost.length, 1, String(answers.map(([status]) => status)));
    assert.match(lost[0][2], /has this case until/);
    await Promise.all([nurse.context.close(), physician.context.close()]);
  },

  async "a form of an older case does nothing and shows what changed, and so does what was kept"() {
    const { case_id } = await pend();
    const { context, page } = await open(NURSE);
    await page.goto(`${base}/cases/${case_id}/review`);
    await page.locator('summary:has-text("Ask for information")').click();
    await page.fill("#others", "The echocardiogram");
    await page.waitForFunction(() => document.querySelector("#kept").textContent.startsWith("What you typed was kept"), null, { timeout: 8000 });
    const answer = await fetch(`${base}/v1/orders/${case_id}`, { method: "PATCH", body: JSON.stringify({ clinical: { weight_kg: 72 } }),
      headers: { authorization: `Bearer ${DESK}`, "content-type": "application/merge-patch+json" } });
    assert.equal(answer.status, 200, await answer.text());
    await Promise.all([page.waitForNavigation(), page.locator('button[formaction$="/ask"]').click()]);
    assert.match(await page.textContent("#changed"), /Clinical, weight kg: 71.5 → 72/);
    assert.equal(await page.inputValue("#others"), "The echocardiogram");
    await page.goto(`${base}/cases/${case_id}/review`);
    assert.equal(await page.locator("#changed").count(), 0, "it was shown");
    await context.close();
  },

  async "a physician sees the letter while it is written, and denies after a last question, without script too"() {
    const { case_id, member } = await pend();
    const { context, page, complaints } = await open(PHYSICIAN);
    await page.goto(`${base}/cases/${case_id}/review`);
    assert.equal(await page.locator('[value="non_authorized"]:not([disabled])').count(), 0, "the offer comes first");
    assert.match(await page.textContent("#no-denial"), /Offer a peer-to-peer discussion/);
    const deny = { all: "non_authorized", reason: "not_medically_necessary", rationale: "x", rationale_for_member: "x", do: "decide" };
    const [status, text] = await byHand(page, "#decide", deny);
    assert.equal(status, 409, "nor by hand");
    assert.match(text, /Offer a peer-to-peer discussion/);
    await page.locator('summary:has-text("Peer-to-peer")').click();
    await page.check("#event-offered");
    await page.fill("#with_name", "Front desk");
    await Promise.all([page.waitForNavigation(), page.click('button[formaction$="/call"]')]);
    await page.check("#all-non_authorized");
    await page.selectOption("#reason", "not_medically_necessary");
    await page.fill("#rationale", "the evidence does not support this drug here");
    await page.fill("#rationale_for_member", "We do not know that this drug helps with your illness.");
    await page.waitForFunction(() => document.querySelector("#letter").textContent.includes("We do not know that this drug helps"));
    assert.match(await page.textContent("#grade"), /Reads like grade/);
    assert.match(await page.textContent("#said"), /would be Non-Authorized/);
    assert.deepEqual(complaints.filter((one) => !one.includes("409")), []);
    await context.close();
    const plain = await open(PHYSICIAN, { javaScriptEnabled: false });
    await plain.page.goto(`${base}/cases/${case_id}/review`);
    await plain.page.check("#all-non_authorized");
    await plain.page.selectOption("#reason", "not_medically_necessary");
    await plain.page.fill("#rationale", "the evidence does not support this drug here");
    await plain.page.fill("#rationale_for_member", "We do not know that this drug helps with your illness.");
    await plain.page.click('button[value="confirm"]');
    assert.match(await plain.page.textContent("main"), /There is no undo/);
    assert.match(await plain.page.textContent("h1"), new RegExp(`${member.first_name} ${member.last_name}`));
    await plain.page.click('button[value="decide"]');
    assert.match(await plain.page.textContent("main"), /Non-Authorized/);
    assert.deepEqual(plain.complaints, []);
    await plain.context.close();
  },

  async "a denial is reconsidered, and what was half written is there again"() {
    const { case_id } = await denied();
    const practice = await open(DESK);
    await practice.page.goto(`${base}/cases/${case_id}`);
    await practice.page.fill("#why", "two trials support it");
    await Promise.all([practice.page.waitForNavigation(), practice.page.click('form[action$="/reconsideration"] button')]);
    await practice.context.close();
    const { context, page, complaints } = await open(SECOND_PHYSICIAN);
    await page.goto(`${base}/cases/${case_id}/review`);
    await page.fill("#reconsider_rationale", "half a sentence");
    await page.waitForFunction(() => document.querySelector("#kept").textContent.startsWith("What you typed was kept"), null, { timeout: 8000 });
    await page.goto(`${base}/reviews`);
    await page.goto(`${base}/cases/${case_id}/review`);
    assert.equal(await page.inputValue("#reconsider_rationale"), "half a sentence");
    await page.check("#reconsidered-overturned");
    await page.check("#reconsider-sure");
    await Promise.all([page.waitForNavigation(), page.click('button:has-text("Decide the reconsideration")')]);
    assert.match(await page.textContent("main"), /The denial was overturned/);
    assert.deepEqual(complaints, []);
    await context.close();
  },

  async "keys that are switched off are off on every page, and a list that nobody touches rests"() {
    await pend();
    const { context, page } = await open(NURSE);
    await page.clock.install();
    await page.goto(`${base}/reviews`);
    let asked = 0;
    page.on("request", (request) => { if (request.headers()["if-none-match"]) asked += 1; });
    const pass = async (minutes) => { for (let turn = 0; turn < minutes * 3; turn += 1) await page.clock.runFor(20_000); };
    await pass(4);
    assert.ok(asked > 6, `asked ${asked} times while somebody may be there`);
    await pass(2);
    const before = asked;
    await pass(10);
    assert.equal(asked, before, "nobody is there");
    assert.match(await page.textContent("#stale"), /This list is of .*\. It goes on when you touch the page\./);
    await page.mouse.move(10, 300);
    await until(page, () => document.querySelector("#stale").textContent === "");
    assert.ok(asked > before, "and goes on");
    // and at last the session ends, after a warning that a button answers
    await pass(21);
    await until(page, () => Boolean(document.querySelector("dialog[open]")));
    assert.match(await page.textContent("dialog"), /you will be signed out in \d minutes?/);
    await page.click('dialog button:has-text("Stay signed in")');
    await until(page, () => !document.querySelector("dialog[open]"));
    await page.locator(".keys summary").click();
    await Promise.all([page.waitForResponse("**/session/keys"), page.uncheck("#keys")]);
    for (const path of ["/reviews", "/reviews?show=all"]) {
      await page.goto(base + path);
      await page.locator("h1").click();
      await page.keyboard.press("j");
      assert.equal(await page.evaluate(() => document.activeElement.dataset.row), undefined, path);
      await page.keyboard.press("]");
      assert.equal(new URL(page.url()).pathname, "/reviews");
    }
    await context.close();
  },

  /** The clock moves for everybody: this one is last. */
  async "an answer becomes overdue while the list is open"() {
    const { case_id, review } = await pend();
    const { now } = await call(ADMINISTRATOR, "/v1/sandbox/clock");
    const move = async (to) => {
      const answer = await fetch(`${base}/v1/sandbox/clock`, { method: "PUT", body: JSON.stringify({ now: new Date(to).toISOString() }),
        headers: { authorization: `Bearer ${ADMINISTRATOR}`, "content-type": "application/json" } });
      assert.equal(answer.status, 200, await answer.text());
    };
    const due = Date.parse(review.due_at);
    assert.ok(due > Date.parse(now));
    await move(due - 5 * 60_000);
    const { context, page } = await open(PHYSICIAN);
    await page.clock.install();
    await page.goto(`${base}/reviews?show=all`);
    const row = page.locator(`tr:has([id="take-${case_id}"])`);
    assert.match(await row.textContent(), / left/);
    await move(due + 2 * 60_000);
    await page.clock.runFor(20_000);
    await until(page, (id) => document.getElementById(id)?.closest("tr").textContent.includes("overdue"), `take-${case_id}`);
    await context.close();
  },
};
