// The portal in a real browser: keys, widths, forced colours, without script, accessibility, budgets. `scripts/test-browser` starts a
// sandbox and runs this. Every test signs in anew and has patients of its own.
import { addPatients, browser } from "./helpers.mjs";
import * as desk from "./desk.mjs";
import * as entry from "./entry.mjs";
import * as everywhere from "./everywhere.mjs";

const short = (error) => String(error.stack).split("\n").slice(0, 12).map((line) => line.slice(0, 400)).join("\n     ");
const only = process.argv.slice(2);
// the clock moves for everybody in the last test of the desk
const tests = { ...entry.tests, ...everywhere.tests, ...desk.tests };

const odd = await addPatients();
await entry.orderBefore();
let [passed, failed] = [0, 0];
for (const [name, test] of Object.entries(tests)) {
  if (only.length && !only.some((word) => name.includes(word))) continue;
  // a machine that does other things may be too slow once: what fails twice has failed, and once is told
  for (const turn of [1, 2]) {
    const begun = Date.now();
    const took = () => `${((Date.now() - begun) / 1000).toFixed(1)} s`;
    try {
      const note = await test(odd);
      passed += 1;
      console.log(`ok   ${name}${note ? ` (${note})` : ""} ${took()}`);
      break;
    } catch (error) {
      if (turn === 2) failed += 1;
      console.log(`${turn === 2 ? "FAIL" : "once"} ${name} ${took()}\n     ${short(error)}`);
    } finally {
      for (const context of browser.contexts()) await context.close();
    }
  }
}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
