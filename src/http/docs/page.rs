//! Writing the page.

use super::examples::Example;
use super::schema;
use crate::app::sandbox::TOKENS;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

const STYLE: &str = include_str!("style.css");
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
/// What is called first stands first; what is not named here follows by name.
const ORDER: [&str; 6] = ["orders", "coverage", "verification", "documents", "catalogue", "reviews"];

/// An operation with where it is.
struct Operation<'d> {
    method: &'static str,
    path: &'d str,
    known: &'d Value,
}

impl Operation<'_> {
    fn id(&self) -> &str {
        self.known["operationId"].as_str().unwrap_or_default()
    }
}

/// The page.
pub(super) fn write(description: &Value, examples: &[Example], sandbox: bool) -> String {
    let mut page = Page(String::with_capacity(512 * 1024));
    let info = &description["info"];
    page.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>API description · oncoauth</title>\n<style>\n");
    page.raw(STYLE);
    page.raw("</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the operations</a>\n<header>\n");
    page.element("h1", &format!("oncoauth {}", info["version"].as_str().unwrap_or_default()));
    page.prose(info["description"].as_str().unwrap_or_default());
    page.raw("<p>For tools: <a href=\"/openapi.yaml\">openapi.yaml</a> (OpenAPI 3.1). Every answer that is an error may also be 401, 403, 429, 500 or 503.</p>\n");
    if sandbox {
        tokens(&mut page);
    }
    page.raw("</header>\n");
    let mut groups = groups(description);
    for (_, operations) in &mut groups {
        // what can be tried stands first
        operations.sort_by_key(|one| !examples.iter().any(|example| example.is_of(one.method, one.path)));
    }
    navigation(&mut page, &groups);
    page.raw("<main id=\"main\">\n");
    for (name, operations) in &groups {
        page.open("section", &format!("id=\"{name}\""));
        page.element("h2", &capitalized(name));
        for operation in operations {
            self::operation(&mut page, operation, examples);
        }
        page.close("section");
    }
    page.raw("<section id=\"types\">\n<h2>Types</h2>\n");
    if let Some(schemas) = description.pointer("/components/schemas").and_then(Value::as_object) {
        schema::all(&mut page, schemas);
    }
    page.raw("</section>\n</main>\n</body>\n</html>\n");
    page.0
}

fn tokens(page: &mut Page) {
    page.raw("<p>This is a sandbox: nothing here authorizes anything, and these tokens work for anybody, as <code>Authorization: Bearer …</code>.</p>\n");
    page.table("Tokens of the sandbox", &["Token", "Role"], &TOKENS, |page, (token, role, ..)| {
        page.open("th", "scope=\"row\"");
        page.code(token);
        page.close("th");
        page.element("td", &role.as_str().replace('_', " "));
    });
}

/// Operations by what they are about.
fn groups(description: &Value) -> Vec<(&str, Vec<Operation<'_>>)> {
    let mut by_tag: BTreeMap<(usize, &str), Vec<Operation<'_>>> = BTreeMap::new();
    for (path, item) in description["paths"].as_object().into_iter().flat_map(Map::iter) {
        for method in METHODS {
            let known = &item[method];
            if known.is_null() {
                continue;
            }
            let tag = known.pointer("/tags/0").and_then(Value::as_str).unwrap_or("other");
            let place = ORDER.iter().position(|name| *name == tag).unwrap_or(ORDER.len());
            by_tag.entry((place, tag)).or_default().push(Operation { method, path, known });
        }
    }
    by_tag.into_iter().map(|((_, tag), operations)| (tag, operations)).collect()
}

fn navigation(page: &mut Page, groups: &[(&str, Vec<Operation<'_>>)]) {
    page.raw("<nav aria-label=\"Operations\">\n<ul>\n");
    for (name, operations) in groups {
        page.raw("<li>");
        page.link(&format!("#{name}"), &capitalized(name));
        page.raw("<ul>\n");
        for operation in operations {
            page.raw("<li>");
            page.link(&format!("#{}", operation.id()), &format!("{} {}", operation.method.to_uppercase(), operation.path));
            page.raw("</li>\n");
        }
        page.raw("</ul></li>\n");
    }
    page.raw("<li><a href=\"#types\">Types</a></li>\n</ul>\n</nav>\n");
}

fn operation(page: &mut Page, operation: &Operation<'_>, examples: &[Example]) {
    let known = operation.known;
    page.open("section", &format!("id=\"{}\" class=\"operation\"", operation.id()));
    page.raw("<h3>");
    page.raw(&format!("<span class=\"method\">{}</span> ", operation.method.to_uppercase()));
    page.code(operation.path);
    page.raw("</h3>\n");
    page.prose(known["summary"].as_str().unwrap_or_default());
    page.prose(known["description"].as_str().unwrap_or_default());
    let roles: Vec<String> =
        known["x-roles"].as_array().into_iter().flatten().map(|role| text_of(role).replace('_', " ")).collect();
    let who = if roles.is_empty() { "Open to everybody.".to_owned() } else { format!("For: {}.", roles.join(", ")) };
    page.raw("<p class=\"soft\">");
    page.text(&who);
    page.raw("</p>\n");
    parameters(page, operation);
    if let Some(body) = known.pointer("/requestBody/content").and_then(Value::as_object) {
        page.raw("<p>Body: ");
        content(page, body);
        page.raw("</p>\n");
    }
    answers(page, operation);
    for example in examples.iter().filter(|one| one.is_of(operation.method, operation.path)) {
        let what = format!("{} {}", operation.method.to_uppercase(), operation.path);
        page.block(&format!("Example of {what}"), &example.call);
        if let Some(answer) = &example.answer {
            page.block(&format!("Answer to the example of {what}, shortened"), answer);
        }
    }
    page.close("section");
}

fn parameters(page: &mut Page, operation: &Operation<'_>) {
    let all: Vec<&Value> = operation.known["parameters"].as_array().into_iter().flatten().collect();
    if all.is_empty() {
        return;
    }
    let caption = format!("Parameters of {}", operation.id());
    page.table(&caption, &["Parameter", "In", "Type", "Meaning"], &all, |page, parameter| {
        page.open("th", "scope=\"row\"");
        page.code(parameter["name"].as_str().unwrap_or_default());
        if parameter["required"] == true {
            page.element("small", "required");
        }
        page.close("th");
        page.element("td", parameter["in"].as_str().unwrap_or_default());
        page.open("td", "");
        schema::named(page, &parameter["schema"]);
        page.close("td");
        page.open("td", "");
        page.line(parameter["description"].as_str().unwrap_or_default());
        page.close("td");
    });
}

fn answers(page: &mut Page, operation: &Operation<'_>) {
    let all: Vec<(&String, &Value)> = operation.known["responses"].as_object().into_iter().flat_map(Map::iter).collect();
    let caption = format!("Answers of {}", operation.id());
    page.table(&caption, &["Answer", "Meaning", "Body"], &all, |page, (status, answer)| {
        page.open("th", "scope=\"row\"");
        page.text(status);
        page.close("th");
        page.open("td", "");
        page.line(answer["description"].as_str().unwrap_or_default());
        page.close("td");
        page.open("td", "");
        match answer["content"].as_object() {
            Some(body) => content(page, body),
            None if status.starts_with('2') => page.text("none"),
            None => page.link("#schema-Problem", "Problem"),
        }
        page.close("td");
    });
}

/// Forms of a body.
fn content(page: &mut Page, body: &Map<String, Value>) {
    for (index, (kind, form)) in body.iter().enumerate() {
        if index > 0 {
            page.text("; ");
        }
        schema::named(page, &form["schema"]);
        if kind != "application/json" {
            page.text(&format!(" ({kind})"));
        }
    }
}

fn capitalized(word: &str) -> String {
    crate::domain::text::capitalize(word)
}

/// A value as text: words without their quotation marks.
pub(super) fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What was written so far.
pub(super) struct Page(String);

impl Page {
    fn raw(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    pub(super) fn text(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '<' => self.raw("&lt;"),
                '>' => self.raw("&gt;"),
                '&' => self.raw("&amp;"),
                '"' => self.raw("&quot;"),
                other => self.0.push(other),
            }
        }
    }

    pub(super) fn open(&mut self, name: &str, attributes: &str) {
        let space = if attributes.is_empty() { "" } else { " " };
        self.raw(&format!("<{name}{space}{attributes}>"));
    }

    pub(super) fn close(&mut self, name: &str) {
        self.raw(&format!("</{name}>\n"));
    }

    pub(super) fn element(&mut self, name: &str, text: &str) {
        self.open(name, "");
        self.text(text);
        self.close(name);
    }

    pub(super) fn code(&mut self, text: &str) {
        self.raw("<code>");
        self.text(text);
        self.raw("</code>");
    }

    pub(super) fn link(&mut self, to: &str, text: &str) {
        self.raw("<a href=\"");
        self.text(to);
        self.raw("\">");
        self.text(text);
        self.raw("</a>");
    }

    /// A line in which what stands between backticks is code.
    pub(super) fn line(&mut self, text: &str) {
        for (index, part) in text.split('`').enumerate() {
            if index % 2 == 1 { self.code(part) } else { self.text(part) }
        }
    }

    /// Paragraphs.
    pub(super) fn prose(&mut self, text: &str) {
        for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
            self.raw("<p>");
            self.line(paragraph);
            self.raw("</p>\n");
        }
    }

    /// Text as it stands, which can be scrolled by the keyboard.
    fn block(&mut self, name: &str, text: &str) {
        self.raw("<p class=\"soft\">");
        self.text(name);
        self.raw("</p>\n<pre tabindex=\"0\" role=\"region\" aria-label=\"");
        self.text(name);
        self.raw("\"><code>");
        self.text(text);
        self.raw("</code></pre>\n");
    }

    /// A table with a caption; `row` writes the cells.
    pub(super) fn table<T>(&mut self, caption: &str, columns: &[&str], rows: &[T], row: impl Fn(&mut Self, &T)) {
        self.raw("<table>\n");
        self.element("caption", caption);
        self.raw("<thead><tr>");
        for column in columns {
            self.open("th", "scope=\"col\"");
            self.text(column);
            self.raw("</th>");
        }
        self.raw("</tr></thead>\n<tbody>\n");
        for item in rows {
            self.raw("<tr>");
            row(self, item);
            self.raw("</tr>\n");
        }
        self.raw("</tbody>\n</table>\n");
    }
}
