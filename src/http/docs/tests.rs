//! The document says all that there is and nothing else, and the explorer needs no other host.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{
    App,
    body::to_bytes,
    dev::ServiceResponse,
    http::{Method, header::ALLOW},
    test::{TestRequest, call_service, init_service},
};
use serde_json::Value;

use super::{errors, openapi};

/// Methods by path.
type Routes = BTreeMap<String, BTreeSet<String>>;

fn document() -> Value {
    serde_json::from_str(&openapi::document()).expect("JSON")
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

async fn ask(method: &str, path: &str) -> ServiceResponse {
    let app = init_service(App::new().configure(crate::http::routes)).await;
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    call_service(&app, TestRequest::with_uri(path).method(method).to_request()).await
}

/// The paths that the service routes, out of what actix-web shows of its map.
fn patterns(map: &str) -> Vec<String> {
    let mut above: Vec<(usize, &str)> = Vec::new();
    let mut found = Vec::new();
    let lines: Vec<&str> = map.lines().collect();
    for window in lines.windows(4) {
        let [begin, pattern, _, prefix] = window else { continue };
        if begin.trim() != "patterns: Single(" {
            continue;
        }
        let depth = begin.len() - begin.trim_start().len();
        above.retain(|(other, _)| *other < depth);
        above.push((depth, pattern.trim().trim_end_matches(',').trim_matches('"')));
        if prefix.trim() == "is_prefix: false," {
            found.push(above.iter().map(|(_, part)| *part).collect());
        }
    }
    found
}

#[actix_web::test]
async fn the_document_has_every_route_and_no_other() {
    let reply = ask("GET", "/healthz").await;
    let map = format!("{:#?}", reply.request().resource_map());
    assert!(!map.contains("patterns: List"), "this reads paths of one pattern");
    let mut routed = Routes::new();
    for path in patterns(&map) {
        let reply = ask("PROPFIND", &path.replace(['{', '}'], "")).await;
        assert_eq!(reply.status(), 405, "{path}");
        let allowed = reply.headers().get(ALLOW).and_then(|allow| allow.to_str().ok());
        let methods = allowed.expect("methods").split(", ").filter(|method| *method != "HEAD");
        routed.insert(path, methods.map(str::to_lowercase).collect());
    }
    let document = document();
    let said = object(&document["paths"]).map(|(path, item)| {
        (path.clone(), object(item).map(|(method, _)| method.clone()).collect())
    });
    assert_eq!(routed, said.collect());
    for (path, methods) in routed {
        for method in methods {
            let reply = ask(&method.to_uppercase(), &path).await;
            assert_ne!(reply.status(), 405, "{method} {path}");
        }
    }
}

/// Looks at every property of a schema.
fn look(name: &str, schema: &Value, faults: &mut Vec<String>) {
    for (property, value) in object(&schema["properties"]) {
        let name = format!("{name}.{property}");
        // What may be null says it of its other half.
        let value = value["oneOf"].get(0).unwrap_or(value);
        let description = value["description"].as_str().unwrap_or_default();
        if description.is_empty() {
            faults.push(format!("{name} has no description"));
        }
        let units = [
            ("_ms", "milliseconds"),
            ("_s", "seconds"),
            ("bytes", "bytes"),
            ("percent", "percent"),
        ];
        for (end, unit) in units {
            // Percentiles have the unit in their own fields.
            let told = description.contains(unit) || value.get("$ref").is_some();
            if property.ends_with(end) && !told {
                faults.push(format!("{name} has no unit"));
            }
        }
        let is_shown = |value: &Value| value["examples"].get(0).is_some();
        let elsewhere = value.get("$ref").or(value["items"].get("$ref")).is_some();
        let inside = value["items"].get("properties").is_some();
        if !(is_shown(value) || is_shown(&value["items"]) || elsewhere || inside) {
            faults.push(format!("{name} has no example"));
        }
        look(&name, value, faults);
    }
    for part in ["allOf", "oneOf"] {
        for value in schema[part].as_array().into_iter().flatten() {
            look(name, value, faults);
        }
    }
    for part in ["items", "additionalProperties"] {
        if let Some(value) = schema.get(part) {
            look(name, value, faults);
        }
    }
}

#[test]
fn every_field_is_described_with_its_unit_and_an_example() {
    let document = document();
    let mut faults = Vec::new();
    let schemas = &document["components"]["schemas"];
    assert!(object(schemas).count() > 40);
    for (name, schema) in object(schemas) {
        if schema["description"].as_str().is_none_or(str::is_empty) {
            faults.push(format!("{name} has no description"));
        }
        if schema.get("enum").is_some() && schema["examples"].get(0).is_none() {
            faults.push(format!("{name} has no example"));
        }
        look(name, schema, &mut faults);
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Every reference in a value.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn what_the_document_refers_to_is_there() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("it is in the document");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn every_operation_lists_its_errors_and_the_readme_has_the_same_codes() {
    let document = document();
    let mut codes = BTreeSet::new();
    for (path, item) in object(&document["paths"]) {
        for (method, operation) in object(item) {
            let id = operation["operationId"].as_str().expect("an id");
            assert!(errors::of(id).is_some(), "{method} {path}: {id}");
            for (status, answer) in object(&operation["responses"]) {
                let name = format!("{method} {path} {status}");
                assert!(answer["headers"].get("X-Request-Id").is_some(), "{name}");
                let late = answer["headers"].get("Retry-After").is_some();
                assert_eq!(late, status == "503", "{name}");
                let content = &answer["content"]["application/json"];
                for (code, example) in object(&content["examples"]) {
                    let detail = example["value"]["detail"].as_str().expect("a sentence");
                    assert!(
                        !detail.is_ascii() && !detail.contains("  "),
                        "{name} {code}: {detail}"
                    );
                    codes.extend(example["value"]["code"].as_str().map(str::to_owned));
                }
            }
        }
    }
    codes.insert("method_not_allowed".to_owned());
    for readme in [include_str!("../../../README.md"), include_str!("../../../README.zh-CN.md")] {
        let rows = readme.lines().filter_map(|line| {
            let mut cells = line.strip_prefix("| ")?.split(" | ");
            let status = cells.next()?.split(&[',', '，', '、'][..]).next()?.parse::<u16>();
            status.ok().and(cells.next())
        });
        let told = rows.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned);
        assert_eq!(codes, told.collect());
    }
}

#[actix_web::test]
async fn the_explorer_loads_only_what_this_program_has() {
    let reply = ask("GET", "/docs").await;
    let policy = reply.headers().get("content-security-policy").expect("a policy");
    let policy = policy.to_str().expect("a text").to_owned();
    assert!(policy.contains("default-src 'none'; script-src 'self';") && !policy.contains("http"));
    let page = to_bytes(reply.into_body()).await.expect("a page");
    let page = std::str::from_utf8(&page).expect("UTF-8");
    let named: Vec<_> = page.split('"').filter(|text| text.starts_with('/')).collect();
    assert_eq!(named, ["/docs/page.css", "/docs/openapi-explorer.js", "/openapi.json"]);
    assert!(!page.contains("://"));
    for path in named {
        assert_eq!(ask("GET", path).await.status(), 200, "{path}");
    }
    assert_eq!(ask("GET", "/docs/page.html").await.status(), 404);
}
