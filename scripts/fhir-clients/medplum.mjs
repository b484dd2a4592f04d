import { checkAnswer, checkFound, checkSubscription, documents, token } from "./common.mjs";

// the library looks for a browser's WebSocket when it is loaded, and this uses none
globalThis.WebSocket ??= class {};
const { MedplumClient } = await import("@medplum/core");

const [url, folder] = process.argv.slice(2);
const client = new MedplumClient({ baseUrl: url.replace(/fhir$/, ""), fhirUrlPath: "fhir/", fetch, accessToken: token });
const { request, inquiry, subscription } = documents(folder, "medplum");
const id = checkAnswer(await client.post(client.fhirUrl("Claim", "$submit"), request));
checkFound(await client.post(client.fhirUrl("Claim", "$inquire"), inquiry), id);
const created = await client.createResource(subscription);
checkSubscription(created, await client.readResource("Subscription", created.id));
console.log("@medplum/core: submitted, inquired, subscribed");
