// What the clients of npm send, and what they expect.
import assert from "node:assert";
import { readFileSync } from "node:fs";

export const token = "sandbox-ordering-provider";

/** The request of the documentation under a number of its own, the inquiry for it, and a subscription. */
export function documents(folder, name) {
  const read = (file) => JSON.parse(readFileSync(`${folder}/${file}`, "utf8"));
  const request = read("request.json");
  request.entry[0].resource.identifier[0].value = `client-${name}`;
  const inquiry = structuredClone(request);
  inquiry.entry[0].resource.identifier[0].value = `inquiry-${name}`;
  delete inquiry.entry[0].resource.item;
  return { request, inquiry, subscription: read("subscription.json") };
}

export function checkAnswer(bundle) {
  assert.equal(bundle.resourceType, "Bundle");
  const response = bundle.entry[0].resource;
  assert.equal(response.resourceType, "ClaimResponse");
  assert.equal(response.outcome, "complete");
  return response.id;
}

export function checkFound(parameters, id) {
  assert.equal(parameters.resourceType, "Parameters");
  const found = parameters.parameter.map((part) => part.resource.entry[0].resource.id);
  assert(found.includes(id), `${found} has ${id}`);
}

export function checkSubscription(created, read) {
  assert.equal(created.status, "requested");
  assert.equal(read.id, created.id);
}
