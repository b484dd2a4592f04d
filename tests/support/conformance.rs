//! Holds resources to the profiles of the guide: a walk over their snapshots. Cardinalities, slices, fixed values and patterns, types,
//! extensions, bindings to value sets that are at hand, what references may lead to. The guide's files are not ours to commit: they are read
//! from the directory that `ONCOAUTH_FHIR_KIT` names, and where that is not there, nothing is held to them.

use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::{env, fs};

/// The directory of the guide's and the kits' files, where it is there.
pub fn kit() -> Option<PathBuf> {
    let directory = PathBuf::from(env::var_os("ONCOAUTH_FHIR_KIT")?);
    directory.is_dir().then_some(directory)
}

/// Says that a test was left out.
pub fn left_out(what: &str) {
    eprintln!("LEFT OUT: {what}: ONCOAUTH_FHIR_KIT names no directory");
}

/// Every snapshot and value set of the guide.
pub struct Guide {
    snapshots: HashMap<String, Snapshot>,
    value_sets: HashMap<String, Vec<(String, HashSet<String>)>>,
}

struct Snapshot {
    kind: String,
    elements: Vec<Value>,
    by_id: HashMap<String, usize>,
    children: HashMap<String, Vec<usize>>,
}

impl Snapshot {
    fn new(definition: &Value) -> Option<Self> {
        let elements = definition["snapshot"]["element"].as_array()?.clone();
        let id = |element: &Value| element["id"].as_str().unwrap_or_default().to_owned();
        let by_id = elements.iter().enumerate().map(|(index, element)| (id(element), index)).collect();
        let mut children: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, element) in elements.iter().enumerate() {
            if let Some((parent, _)) = id(element).rsplit_once('.') {
                children.entry(parent.to_owned()).or_default().push(index);
            }
        }
        Some(Self { kind: definition["type"].as_str()?.to_owned(), elements, by_id, children })
    }

    fn children(&self, id: &str) -> impl Iterator<Item = &Value> {
        self.children.get(id).into_iter().flatten().map(|index| &self.elements[*index])
    }
}

/// The guide, where it is there.
pub fn guide() -> Option<&'static Guide> {
    static GUIDE: OnceLock<Option<Guide>> = OnceLock::new();
    GUIDE.get_or_init(|| kit().map(|kit| Guide::read(&kit.join("pas-2.2.1/definitions")))).as_ref()
}

fn without_version(url: &str) -> &str {
    url.split('|').next().unwrap_or(url)
}

impl Guide {
    fn read(directory: &std::path::Path) -> Self {
        let mut guide = Self { snapshots: HashMap::new(), value_sets: HashMap::new() };
        for file in fs::read_dir(directory).expect("the definitions").map(|file| file.expect("a file").path()) {
            let definition: Value = serde_json::from_str(&fs::read_to_string(&file).expect("a file")).expect("JSON");
            let url = definition["url"].as_str().unwrap_or_default().to_owned();
            if let Some(snapshot) = Snapshot::new(&definition) {
                guide.snapshots.insert(url, snapshot);
            } else if definition["resourceType"] == "ValueSet" {
                let includes = definition["compose"]["include"].as_array().cloned().unwrap_or_default();
                let listed = |include: &Value| -> Option<(String, HashSet<String>)> {
                    let codes = include["concept"].as_array()?.iter().filter_map(|concept| concept["code"].as_str());
                    Some((include["system"].as_str()?.to_owned(), codes.map(str::to_owned).collect()))
                };
                // a set of which a part is not at hand tells nothing
                if let Some(all) = includes.iter().map(listed).collect::<Option<Vec<_>>>().filter(|all| !all.is_empty()) {
                    guide.value_sets.insert(url, all);
                }
            }
        }
        assert!(guide.snapshots.len() > 50, "the guide's snapshots were read");
        guide
    }

    /// Everything in which a resource differs from the profile that it names, and its Bundle from itself.
    pub fn faults(&self, resource: &Value) -> Vec<String> {
        let mut walk = Walk { guide: self, faults: Vec::new() };
        walk.resource(resource, resource["resourceType"].as_str().unwrap_or("?"));
        if resource["resourceType"] == "Bundle" {
            walk.references(resource);
        }
        walk.faults
    }
}

struct Walk<'g> {
    guide: &'g Guide,
    faults: Vec<String>,
}

/// What is in the guide's profiles and in every resource.
const IN_EVERY_RESOURCE: [&str; 2] = ["resourceType", "fhir_comments"];

impl Walk<'_> {
    fn fault(&mut self, path: &str, words: impl AsRef<str>) {
        self.faults.push(format!("{path}: {}", words.as_ref()));
    }

    fn resource(&mut self, resource: &Value, path: &str) {
        let kind = resource["resourceType"].as_str().unwrap_or_default();
        if kind.is_empty() {
            self.fault(path, "has no resourceType");
        }
        empty(resource, path, &mut self.faults);
        for profile in resource["meta"]["profile"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if let Some(snapshot) = self.guide.snapshots.get(without_version(profile)) {
                if snapshot.kind != kind {
                    self.fault(path, format!("is a {kind} and names the profile {profile}"));
                }
                self.element(resource, snapshot, kind, path);
            }
        }
    }

    /// The children of an element, as the snapshot has them under `id`.
    fn element(&mut self, value: &Value, snapshot: &Snapshot, id: &str, path: &str) {
        let Some(object) = value.as_object() else {
            self.fault(path, "is not an object");
            return;
        };
        let mut known: HashSet<&str> = HashSet::new();
        let definitions: Vec<&Value> = snapshot.children(id).collect();
        for definition in definitions.iter().filter(|definition| !is_slice(definition, id)) {
            let name = definition["path"].as_str().unwrap_or_default().rsplit('.').next().unwrap_or_default();
            let found: Vec<(&String, &Value)> = match name.strip_suffix("[x]") {
                Some(stem) => object.iter().filter(|(key, _)| is_choice(key, stem)).collect(),
                None => object.iter().filter(|(key, _)| *key == name).collect(),
            };
            known.extend(found.iter().map(|(key, _)| key.as_str()));
            if found.len() > 1 {
                self.fault(path, format!("has several {name}"));
            }
            let at = format!("{path}.{name}");
            let repeats = definition["base"]["max"].as_str().is_none_or(|max| max != "1" && max != "0");
            let values = self.values(&found, repeats, &at);
            self.count(values.len(), definition, &at);
            for (index, value) in values.iter().enumerate() {
                let at = if repeats { format!("{at}[{index}]") } else { at.clone() };
                let key = found.first().map_or("", |(key, _)| key.as_str());
                self.value(value, definition, snapshot, key, &at);
            }
            let slices = definitions.iter().filter(|slice| is_slice_of(slice, definition));
            for slice in slices {
                self.slice(&values, slice, definition, snapshot, &at);
            }
        }
        for key in object.keys().filter(|key| !known.contains(key.as_str()) && !key.starts_with('_')) {
            if !IN_EVERY_RESOURCE.contains(&key.as_str()) && !definitions.is_empty() {
                self.fault(path, format!("has an element {key} that there is not"));
            }
        }
    }

    fn values<'v>(&mut self, found: &[(&String, &'v Value)], repeats: bool, path: &str) -> Vec<&'v Value> {
        match found.first() {
            None => Vec::new(),
            Some((_, Value::Array(items))) if repeats => items.iter().collect(),
            Some((_, Value::Array(_))) => {
                self.fault(path, "is a list and does not repeat");
                Vec::new()
            }
            Some((_, value)) if repeats => {
                self.fault(path, "repeats and is no list");
                vec![value]
            }
            Some((_, value)) => vec![value],
        }
    }

    fn count(&mut self, count: usize, definition: &Value, path: &str) {
        let least = definition["min"].as_u64().unwrap_or(0);
        let most = definition["max"].as_str().and_then(|max| max.parse::<u64>().ok());
        let count = count as u64;
        if count < least || most.is_some_and(|most| count > most) {
            let id = definition["id"].as_str().unwrap_or_default();
            self.fault(path, format!("is there {count} times, {id} asks for {least}..{}", definition["max"]));
        }
    }

    fn value(&mut self, value: &Value, definition: &Value, snapshot: &Snapshot, key: &str, path: &str) {
        self.fixed(value, definition, path);
        self.binding(value, definition, path);
        let kinds: Vec<&Value> = definition["type"].as_array().into_iter().flatten().collect();
        let kind = kinds.iter().find(|kind| {
            let code = kind["code"].as_str().unwrap_or_default();
            kinds.len() == 1 || key.to_lowercase().ends_with(&code.to_lowercase())
        });
        let Some(kind) = kind else {
            if !kinds.is_empty() && definition["path"].as_str().is_some_and(|path| path.ends_with("[x]")) {
                self.fault(path, format!("{key} is of no type that is allowed"));
            }
            return;
        };
        let code = kind["code"].as_str().unwrap_or_default();
        if !has_form(value, code) {
            self.fault(path, format!("is no {code}: {value}"));
        }
        let id = definition["id"].as_str().unwrap_or_default();
        if code == "Extension" {
            self.extension(value, path);
        } else if matches!(code, "Resource" | "DomainResource") || value["resourceType"].is_string() {
            self.resource(value, path);
        } else if snapshot.children.contains_key(id) && value.is_object() {
            self.element(value, snapshot, id, path);
        }
        for profile in kind["profile"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if let Some(other) = self.guide.snapshots.get(without_version(profile))
                && !matches!(code, "Extension")
                && !value["resourceType"].is_string()
            {
                self.element(value, other, &other.kind.clone(), path);
            }
        }
    }

    fn extension(&mut self, value: &Value, path: &str) {
        let Some(url) = value["url"].as_str() else {
            self.fault(path, "is an extension without url");
            return;
        };
        let nested = value["extension"].as_array().is_some_and(|all| !all.is_empty());
        let valued = value.as_object().is_some_and(|members| members.keys().any(|key| key.starts_with("value")));
        if nested == valued {
            self.fault(path, "an extension has either a value or extensions");
        }
        if let Some(snapshot) = self.guide.snapshots.get(url) {
            self.element(value, snapshot, "Extension", path);
        }
    }

    /// The members of a slice: those with its values at the discriminators.
    fn slice(&mut self, values: &[&Value], slice: &Value, sliced: &Value, snapshot: &Snapshot, path: &str) {
        let id = slice["id"].as_str().unwrap_or_default();
        let members: Vec<&&Value> = values.iter().filter(|value| Self::is_member(value, slice, sliced, snapshot)).collect();
        let name = slice["sliceName"].as_str().unwrap_or_default();
        let at = format!("{path}:{name}");
        if id.contains("[x]:") {
            return;
        }
        self.count(members.len(), slice, &at);
        for member in members {
            if slice["path"].as_str().is_some_and(|path| path.ends_with("xtension")) {
                continue; // held to its own profile already
            }
            self.fixed(member, slice, &at);
            if snapshot.children.contains_key(id) {
                self.element(member, snapshot, id, &at);
            }
        }
    }

    fn is_member(value: &Value, slice: &Value, sliced: &Value, snapshot: &Snapshot) -> bool {
        let id = slice["id"].as_str().unwrap_or_default();
        let profiles: Vec<&str> =
            slice["type"][0]["profile"].as_array().into_iter().flatten().filter_map(Value::as_str).map(without_version).collect();
        let discriminators = sliced["slicing"]["discriminator"].as_array().cloned().unwrap_or_default();
        !discriminators.is_empty()
            && discriminators.iter().all(|discriminator| {
                let within = discriminator["path"].as_str().unwrap_or_default();
                let kind = discriminator["type"].as_str().unwrap_or_default();
                if within == "url" {
                    let own =
                        snapshot.by_id.get(&format!("{id}.url")).and_then(|index| snapshot.elements[*index]["fixedUri"].as_str());
                    return own.map_or_else(
                        || value["url"].as_str().is_some_and(|url| profiles.contains(&url)),
                        |own| value["url"] == own,
                    );
                }
                if matches!(kind, "type" | "profile") {
                    let wanted =
                        snapshot.by_id.get(&format!("{id}.{within}")).map(|index| &snapshot.elements[*index]["type"][0]["code"]);
                    return wanted.is_some_and(|wanted| value[within]["resourceType"] == *wanted);
                }
                let (wanted, actual) = match within {
                    "$this" => (slice, value),
                    within => match snapshot.by_id.get(&format!("{id}.{}", within.replace(".resolve()", ""))) {
                        Some(index) => (&snapshot.elements[*index], at(value, within)),
                        None => return within.starts_with("extension(") && Self::has_scope(value, id, within, snapshot),
                    },
                };
                pattern_of(wanted).is_some_and(|(pattern, exact)| if exact { actual == pattern } else { fits(actual, pattern) })
            })
    }

    /// A discriminator that is the value of an extension.
    fn has_scope(value: &Value, id: &str, within: &str, snapshot: &Snapshot) -> bool {
        let url = within.split('\'').nth(1).unwrap_or_default();
        let prefix = format!("{id}.extension:");
        let wanted = snapshot.elements.iter().find_map(|element| {
            element["id"]
                .as_str()
                .filter(|own| own.starts_with(&prefix) && own.ends_with(".value[x]"))
                .and_then(|_| pattern_of(element))
        });
        let extension = value["extension"].as_array().into_iter().flatten().find(|extension| extension["url"] == url);
        let actual = extension.and_then(|extension| {
            extension.as_object()?.iter().find(|(key, _)| key.starts_with("value")).map(|(_, value)| value)
        });
        wanted.zip(actual).is_some_and(|((wanted, _), actual)| wanted == actual)
    }

    fn fixed(&mut self, value: &Value, definition: &Value, path: &str) {
        let Some((pattern, exact)) = pattern_of(definition) else { return };
        let agrees = if exact { value == pattern } else { fits(value, pattern) };
        if !agrees {
            self.fault(path, format!("is {value}, not {pattern}"));
        }
    }

    fn binding(&mut self, value: &Value, definition: &Value, path: &str) {
        let binding = &definition["binding"];
        if binding["strength"] != "required" {
            return;
        }
        let Some(set) = self.guide.value_sets.get(without_version(binding["valueSet"].as_str().unwrap_or_default())) else {
            return;
        };
        let is_in = |system: Option<&str>, code: &str| {
            set.iter().any(|(of, codes)| system.is_none_or(|system| system == of) && codes.contains(code))
        };
        let agrees = match value {
            Value::String(code) => is_in(None, code),
            Value::Object(_) if value["coding"].is_array() => value["coding"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|coding| is_in(coding["system"].as_str(), coding["code"].as_str().unwrap_or_default())),
            _ => true,
        };
        if !agrees {
            self.fault(path, format!("{value} is not in {}", binding["valueSet"]));
        }
    }

    /// Every reference of a Bundle leads to exactly one of its entries; a request that is answered need not be there.
    fn references(&mut self, bundle: &Value) {
        let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
        let mut by_url: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, entry) in entries.iter().enumerate() {
            let url = entry["fullUrl"].as_str().unwrap_or_default();
            *by_url.entry(url).or_default() += 1;
            if !is_full_url(url, &entry["resource"]) {
                self.fault(&format!("Bundle.entry[{index}].fullUrl"), format!("{url} is not that of its resource"));
            }
        }
        for (url, count) in &by_url {
            if *count > 1 {
                self.fault("Bundle.entry", format!("{url} is there {count} times"));
            }
        }
        for (index, entry) in entries.iter().enumerate() {
            let mut found = Vec::new();
            all_references(&entry["resource"], "", &mut found);
            for (at, reference) in found.iter().filter(|(at, _)| at != ".request") {
                let base = entry["fullUrl"].as_str().and_then(|url| url.rsplitn(3, '/').nth(2)).unwrap_or_default();
                let relative = format!("{base}/{reference}");
                let leads = [reference.as_str(), relative.as_str()].iter().any(|url| by_url.get(url) == Some(&1));
                if !leads && !reference.starts_with('#') {
                    self.fault(&format!("Bundle.entry[{index}]{at}"), format!("{reference} leads to no entry"));
                }
            }
        }
    }
}

fn is_full_url(url: &str, resource: &Value) -> bool {
    let version_four = |uuid: &str| uuid.len() == 36 && uuid.as_bytes()[14] == b'4';
    if let Some(uuid) = url.strip_prefix("urn:uuid:") {
        return version_four(uuid);
    }
    let end = format!("/{}/{}", resource["resourceType"].as_str().unwrap_or("?"), resource["id"].as_str().unwrap_or("?"));
    url.starts_with("http") && url.ends_with(&end)
}

fn all_references(value: &Value, at: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            if let Some(reference) = members.get("reference").and_then(Value::as_str) {
                found.push((at.to_owned(), reference.to_owned()));
            }
            members.iter().for_each(|(name, member)| all_references(member, &format!("{at}.{name}"), found));
        }
        Value::Array(items) => items.iter().for_each(|item| all_references(item, at, found)),
        _ => {}
    }
}

/// Nothing is empty in FHIR: no object, no list, no text, no null.
fn empty(value: &Value, path: &str, faults: &mut Vec<String>) {
    let is_empty = match value {
        Value::Null => true,
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    };
    if is_empty {
        faults.push(format!("{path}: is empty"));
    }
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| empty(member, &format!("{path}.{name}"), faults)),
        Value::Array(items) => items.iter().for_each(|item| empty(item, path, faults)),
        _ => {}
    }
}

fn is_slice(definition: &Value, parent: &str) -> bool {
    definition["id"].as_str().is_some_and(|id| id[parent.len()..].contains(':'))
}

fn is_slice_of(slice: &Value, definition: &Value) -> bool {
    let (id, of) = (slice["id"].as_str().unwrap_or_default(), definition["id"].as_str().unwrap_or_default());
    id.strip_prefix(of).is_some_and(|rest| rest.starts_with(':'))
}

/// `valueString` of `value`.
fn is_choice(key: &str, stem: &str) -> bool {
    key.strip_prefix(stem).and_then(|rest| rest.chars().next()).is_some_and(|first| first.is_ascii_uppercase())
}

fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    path.split('.').fold(value, |value, name| &value[name])
}

/// The fixed value, which has to be equal, or the pattern, which has to be within.
fn pattern_of(definition: &Value) -> Option<(&Value, bool)> {
    definition.as_object()?.iter().find_map(|(key, value)| {
        if key.starts_with("fixed") {
            Some((value, true))
        } else if key.starts_with("pattern") {
            Some((value, false))
        } else {
            None
        }
    })
}

fn fits(value: &Value, pattern: &Value) -> bool {
    match (value, pattern) {
        (Value::Object(_), Value::Object(members)) => members.iter().all(|(name, pattern)| fits(&value[name], pattern)),
        (Value::Array(items), Value::Array(patterns)) => {
            patterns.iter().all(|pattern| items.iter().any(|item| fits(item, pattern)))
        }
        _ => value == pattern,
    }
}

/// True where a value can be of a type.
fn has_form(value: &Value, kind: &str) -> bool {
    let text = || value.as_str();
    match kind {
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64(),
        "positiveInt" => value.as_u64().is_some_and(|number| number > 0),
        "unsignedInt" => value.is_u64(),
        "decimal" => value.is_number(),
        "date" => text().is_some_and(|text| matches!(text.len(), 4 | 7 | 10) && !text.contains('T')),
        "dateTime" => {
            text().is_some_and(|text| matches!(text.len(), 4 | 7 | 10) || chrono::DateTime::parse_from_rfc3339(text).is_ok())
        }
        "instant" => text().is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok()),
        "id" => text().is_some_and(|text| {
            (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
        }),
        "code" | "string" | "uri" | "url" | "canonical" | "markdown" | "oid" | "uuid" | "base64Binary" | "xhtml" | "time" => {
            value.is_string()
        }
        _ if kind.starts_with("http://hl7.org/fhirpath/") => value.is_string() || value.is_boolean(),
        _ => value.is_object(),
    }
}
