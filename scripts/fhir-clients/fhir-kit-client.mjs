import { Client } from "fhir-kit-client";
import { checkAnswer, checkFound, checkSubscription, documents, token } from "./common.mjs";

const [url, folder] = process.argv.slice(2);
const client = new Client({ baseUrl: url, bearerToken: token });
const { request, inquiry, subscription } = documents(folder, "fhir-kit-client");
const id = checkAnswer(await client.operation({ name: "submit", resourceType: "Claim", input: request }));
checkFound(await client.operation({ name: "inquire", resourceType: "Claim", input: inquiry }), id);
const created = await client.create({ resourceType: "Subscription", body: subscription });
checkSubscription(created, await client.read({ resourceType: "Subscription", id: created.id }));
console.log("fhir-kit-client: submitted, inquired, subscribed");
