// Called by translate-cql: source, ELM, and --check or nothing.
import { CqlTranslator, LibraryManager, ModelManager, createModelInfoProvider, stringAsSource } from "@cqframework/cql/cql-to-elm";
import { SystemModelInfoProvider } from "@cqframework/cql/cql";
import cql from "cql-execution";
import fhir from "cql-exec-fhir";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import assert from "node:assert";

const [source, target, check] = process.argv.slice(2);
const text = readFileSync(source, "utf8");
const model = readFileSync("node_modules/cql-exec-fhir/lib/modelInfos/fhir-modelinfo-4.0.1.xml", "utf8");
const models = new ModelManager();
models.modelInfoLoader.registerModelInfoProvider(createModelInfoProvider((id) => (id === "FHIR" ? stringAsSource(model) : null)));
models.modelInfoLoader.registerModelInfoProvider(new SystemModelInfoProvider());
const translator = CqlTranslator.fromText(text, new LibraryManager(models));
const errors = [...translator.errors.asJsReadonlyArrayView()].map((error) => error.message);
assert.deepEqual(errors, [], "the source has errors");

// without places in the source and remarks of the translator
const bare = (value) => {
  if (Array.isArray(value)) return value.map(bare);
  if (value === null || typeof value !== "object") return value;
  const kept = Object.entries(value).filter(([name]) => !["localId", "locator", "annotation", "resultTypeName", "resultTypeSpecifier"].includes(name));
  return Object.fromEntries(kept.map(([name, member]) => [name, bare(member)]));
};
const elm = bare(JSON.parse(translator.toJson()));
const sha256 = createHash("sha256").update(text).digest("hex");
elm.library.annotation = [{ type: "Annotation", t: [{ name: "source-sha256", value: sha256 }] }];

const observation = (id, code, value, day, status = "final") => ({
  resource: {
    resourceType: "Observation", id, status, code: { coding: [{ system: "http://loinc.org", code }] },
    subject: { reference: "Patient/p" }, effectiveDateTime: day, ...value,
  },
});
const words = (code) => ({ valueCodeableConcept: { coding: [{ system: "http://snomed.info/sct", code }] } });
const record = fhir.PatientSource.FHIRv401();
record.loadBundles([{
  resourceType: "Bundle", type: "collection",
  entry: [
    { resource: { resourceType: "Patient", id: "p", gender: "female" } },
    observation("1", "8302-2", { valueQuantity: { value: 160, code: "cm" } }, "2026-01-01"),
    observation("2", "8302-2", { valueQuantity: { value: 165, code: "cm" } }, "2026-03-01"),
    observation("3", "8302-2", { valueQuantity: { value: 170, code: "cm" } }, "2026-04-01", "entered-in-error"),
    observation("4", "29463-7", { valueQuantity: { value: 150, code: "[lb_av]" } }, "2026-03-01"),
    observation("5", "89247-1", { valueInteger: 1 }, "2026-03-01"),
    observation("6", "21908-9", { valueCodeableConcept: { text: "IIB" } }, "2026-03-01"),
    observation("7", "48676-1", words("10828004"), "2026-03-01"),
    observation("8", "16112-5", words("260385009"), "2026-03-01"),
    observation("9", "10230-1", { valueQuantity: { value: 60, code: "%" } }, "2026-03-02"),
  ],
}]);
const run = new cql.Executor(new cql.Library(elm, new cql.Repository({})), new cql.CodeService({}), {});
const said = (await run.exec(record)).patientResults.p;
const plain = (name) => JSON.parse(JSON.stringify(said[name] ?? null, (key, value) => (value?.isDate ? value.toString() : value)));
assert.equal(said["Height in cm"], 165);
assert.equal(said["Weight in kg"], null);
assert.equal(said["Serum creatinine in mg/dL"], null);
assert.equal(said["Sex"].code, "female");
assert.equal(said["ECOG score"], 1);
assert.equal(said["Scale of performance status"].code, "ecog");
assert.equal(said["Stage group"], "IIB");
assert.deepEqual(plain("Biomarkers"), [{ name: "her2", result: "positive" }, { name: "er", result: "negative" }]);
assert.deepEqual(said["Assessments"].map((one) => [one.name, Number(one.result), one.on.toString()]), [["lvef_percent", 60, "2026-03-02"]]);

const written = JSON.stringify(elm, null, 1) + "\n";
if (check === "--check") {
  assert.equal(readFileSync(target, "utf8"), written, "the ELM is not that of the source: run scripts/translate-cql");
} else {
  writeFileSync(target, written);
}
