//! The page is whole, small, and knows no other host.

use std::collections::BTreeSet;

use actix_web::{
    App,
    body::to_bytes,
    dev::ServiceResponse,
    test::{TestRequest, call_service, init_service},
};

use super::*;

async fn get(path: &str) -> ServiceResponse {
    let app = init_service(App::new().configure(routes)).await;
    call_service(&app, TestRequest::with_uri(path).to_request()).await
}

fn text(file: &File) -> &str {
    std::str::from_utf8(file.bytes).expect("UTF-8")
}

/// What stands between quotes in a text after each of these words.
fn quoted_after<'a>(text: &'a str, words: &[&str]) -> Vec<&'a str> {
    let ends =
        words.iter().flat_map(|word| text.match_indices(word).map(|(at, _)| at + word.len()));
    ends.filter_map(|at| {
        let rest = &text[at..];
        let quote = rest.chars().next().filter(|sign| matches!(sign, '"' | '\''))?;
        rest[1..].split(quote).next()
    })
    .collect()
}

#[actix_web::test]
async fn what_the_page_names_is_there_and_what_is_there_is_named() {
    let mut named: BTreeSet<String> = BTreeSet::new();
    for file in FILES.iter().chain([&PAGE]) {
        let found = quoted_after(text(file), &["src=", "href=", "from ", "ask("]);
        let here = found.into_iter().filter_map(|path| {
            path.strip_prefix("/ui/").or_else(|| path.strip_prefix("./")).map(str::to_owned)
        });
        named.extend(here);
    }
    let there = FILES.iter().chain([&EXAMPLE]).map(|file| file.name.to_owned());
    assert_eq!(named, there.collect());
    for name in named {
        let reply = get(&format!("/ui/{name}")).await;
        assert_eq!(reply.status(), 200, "{name}");
        assert_eq!(reply.headers().get("x-content-type-options").expect("nosniff"), "nosniff");
    }
    for name in ["index.html", "tests.rs", "", "..", "vendor/LICENSE"] {
        assert_eq!(get(&format!("/ui/{name}")).await.status(), 404, "{name}");
    }
}

#[actix_web::test]
async fn the_page_may_load_nothing_from_elsewhere_and_has_no_script_or_style_in_it() {
    let reply = get("/ui").await;
    let policy = reply.headers().get("content-security-policy").expect("a policy");
    let policy = policy.to_str().expect("a text").to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
    assert!(!policy.contains("unsafe") && !policy.contains("http"));
    let page = to_bytes(reply.into_body()).await.expect("a page");
    let page = std::str::from_utf8(&page).expect("UTF-8");
    for inline in ["<style", " style=", " onclick=", "javascript:", "://"] {
        assert!(!page.contains(inline), "{inline}");
    }
    for script in page.split("<script").skip(1) {
        assert!(script.contains("></script>") && script.starts_with(" src=\"/ui/"), "{script}");
    }
}

#[test]
fn what_comes_from_outside_can_only_become_text() {
    let own =
        FILES.iter().filter(|file| file.content_type == SCRIPT && !file.name.starts_with("uPlot"));
    for file in own {
        for sink in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
            assert!(!text(file).contains(sink), "{}: {sink}", file.name);
        }
    }
}

#[test]
fn every_word_of_the_page_has_its_text() {
    let table = FILES.iter().find(|file| file.name == "i18n.js").map(text).expect("a table");
    let mut keys = quoted_after(text(&PAGE), &["data-t=", "data-t-label=", "data-t-placeholder="]);
    for file in FILES.iter().filter(|file| file.content_type == SCRIPT && file.name != "i18n.js") {
        keys.extend(quoted_after(text(file), &[" t(", "{t(", "(t(", ", t("]));
    }
    assert!(keys.len() > 80, "{}", keys.len());
    for key in keys {
        let quoted = table.contains(&format!("\n  '{key}': ["));
        assert!(quoted || table.contains(&format!("\n  {key}: [")), "{key}");
    }
}

#[test]
fn the_page_is_small() {
    let bytes: usize = FILES.iter().chain([&PAGE]).map(|file| file.bytes.len()).sum();
    assert!(bytes < 300_000, "{bytes}");
}
