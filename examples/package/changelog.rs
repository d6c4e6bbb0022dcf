//! The package's changelog in Debian's form: the entries of CHANGELOG.md.

use anyhow::Context as _;
use jiff::{Timestamp, fmt::rfc2822};

const SOURCE: &str = include_str!("../../CHANGELOG.md");

/// The columns of a line; policy says 80.
const WIDTH: usize = 78;

/// One entry for this version, dated `seconds` after the epoch. What is not released yet is its content.
pub(crate) fn of(seconds: i64) -> anyhow::Result<String> {
    let version = env!("CARGO_PKG_VERSION");
    let heading = format!("## [{version}]");
    let sections = SOURCE.split("\n## ").skip(1);
    let own = sections.clone().find(|section| format!("## {section}").starts_with(&heading));
    let section = own.or_else(|| sections.clone().next()).context("CHANGELOG.md has no section")?;
    let mut text = format!("ticketd ({version}) unstable; urgency=medium\n\n");
    for item in section.split("\n- ").skip(1) {
        let item = item.split("\n\n").next().unwrap_or(item);
        text += &filled(item);
    }
    let date =
        rfc2822::to_string(&Timestamp::from_second(seconds)?.to_zoned(jiff::tz::TimeZone::UTC))?;
    Ok(format!("{text}\n -- {}  {date}\n", env!("CARGO_PKG_AUTHORS")))
}

/// A list's item with its lines filled.
fn filled(item: &str) -> String {
    let mut text = String::new();
    let mut line = "  *".to_owned();
    for word in item.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            text += &format!("{line}\n");
            line = "   ".to_owned();
        }
        line += &format!(" {word}");
    }
    text + &line + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_there_and_no_line_is_too_long() {
        let text = of(1_790_000_000).expect("it has a section");
        assert!(text.starts_with(&format!("ticketd ({})", env!("CARGO_PKG_VERSION"))), "{text}");
        assert!(text.ends_with("  Mon, 21 Sep 2026 14:13:20 +0000\n"), "{text}");
        assert!(text.matches("\n  * ").count() > 10, "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}
