// What a portal does with the generated types: if this compiles, names and shapes of the description are usable from TypeScript.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

type Case = components["schemas"]["Case"];
type Order = components["schemas"]["OrderRequest"];

const client = createClient<paths>({ baseUrl: "http://127.0.0.1:8080", headers: { Authorization: "Bearer sandbox-ordering-provider" } });

export async function submit(order: Order, key: string): Promise<Case> {
  const { data, error } = await client.POST("/v1/orders", { body: order, params: { header: { "Idempotency-Key": key } } });
  if (!data) {
    const faults = error.errors?.map((fault) => `${fault.pointer}: ${fault.message}`) ?? [];
    throw new Error([error.detail, ...faults].join("\n"));
  }
  return data;
}

export function inWords(decided: Case): string {
  if (decided.status === "in_progress") {
    return `In progress until ${decided.review?.due_at}: ${decided.status_reason}`;
  }
  const lines = decided.drugs.map((drug) => `${drug.name}: ${drug.units_approved ?? "no"} units, ${drug.status}`);
  return [`${decided.status} ${decided.order_id ?? ""}`, ...lines].join("\n");
}

export async function openOrders(): Promise<Case[]> {
  const found: Case[] = [];
  let cursor: string | undefined;
  do {
    const { data } = await client.GET("/v1/orders", { params: { query: { view: "my_orders", status: "in_progress", cursor } } });
    found.push(...(data?.items ?? []));
    cursor = data?.next_cursor ?? undefined;
  } while (cursor);
  return found;
}
