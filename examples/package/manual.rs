//! ticketd.toml(5), made of the comments of config.toml.

use clap_mangen::roff::{Inline, Roff, bold, roman};

const VERSION: &str = concat!("ticketd ", env!("CARGO_PKG_VERSION"));

/// A page of a command as others know them: with its version, notes, and where more is said.
pub(crate) fn finished(page: &str) -> String {
    let line = |line: &str| match line.strip_prefix(".TH ").map(|title| title.split(' ').next()) {
        Some(Some(name)) => format!(".TH {name} 1 \"\" \"{VERSION}\"\n"),
        _ if line == ".SH EXTRA" => ".SH NOTES\n".to_owned(),
        _ => format!("{line}\n"),
    };
    let page: String = page.lines().map(line).collect();
    page + ".SH \"SEE ALSO\"\n\\fBticketd\\fR(1), \\fBticketd.toml\\fR(5), \\fBticketd.service\\fR(8)\n"
}

/// The page of a file in which comments explain the keys below them.
pub(crate) fn of_settings(text: &str) -> String {
    let mut page = Roff::new();
    page.control("TH", ["ticketd.toml", "5", "", VERSION]);
    page.control("SH", ["NAME"]);
    page.text([roman("ticketd.toml - the configuration of ticketd, /etc/ticketd/config.toml")]);
    page.control("SH", ["DESCRIPTION"]);
    let mut words = Vec::new();
    let mut keys = Vec::new();
    for line in text.lines().chain([""]) {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        if is_key(bare) {
            keys.push(bare);
            continue;
        }
        let is_blank = line.is_empty() || line == "#";
        if !keys.is_empty() || is_blank {
            paragraph(&mut page, &keys, &words.join(" "));
            (keys, words) = (Vec::new(), Vec::new());
        }
        if bare.starts_with('[') && bare.ends_with(']') {
            let comment = std::mem::take(&mut words).join(" ");
            page.control("SH", [bare]);
            paragraph(&mut page, &[], &comment);
        } else if !is_blank {
            words.push(bare);
        }
    }
    page.control("SH", ["SEE ALSO"]);
    let others = [bold("ticketd"), roman("(1), "), bold("ticketd.service"), roman("(8)")];
    page.text(others);
    page.render()
}

/// Whether a line sets a key.
fn is_key(line: &str) -> bool {
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    line.split_once(" = ").is_some_and(|(name, _)| !name.is_empty() && is_name(name))
}

/// The explanation of some keys, or of none.
fn paragraph(page: &mut Roff, keys: &[&str], words: &str) {
    for (number, key) in keys.iter().enumerate() {
        page.control(if number == 0 { "TP" } else { "TQ" }, []);
        page.text([bold(*key)]);
    }
    if !words.is_empty() {
        if keys.is_empty() {
            page.control("PP", []);
        }
        page.text(styled(words));
    }
}

/// What stands in backticks becomes bold.
fn styled(words: &str) -> Vec<Inline> {
    let parts = words.split('`').enumerate();
    parts.map(|(number, part)| if number % 2 == 1 { bold(part) } else { roman(part) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::SHIPPED;

    #[test]
    fn a_page_has_its_version_and_where_more_is_said() {
        let page = finished(".TH ticketd-node-add 1  \"add \"\n.SH NAME\n.SH EXTRA\nMore.\n");
        let begin = concat!(
            ".TH ticketd-node-add 1 \"\" \"ticketd ",
            env!("CARGO_PKG_VERSION"),
            "\"\n.SH NAME\n.SH NOTES\nMore.\n.SH \"SEE ALSO\"\n"
        );
        assert!(page.starts_with(begin) && page.contains("(5)"), "{page}");
    }

    #[test]
    fn keys_stand_above_their_comment_and_sections_have_theirs() {
        let text = "# Of `all`.\n#\n# More.\n\n[a]\n# One.\none = 1\n# Both.\n# two = \"2\"\nthree = 3\n\n# Of b.\n[a.b]\n";
        let page = of_settings(text);
        let expected = "DESCRIPTION\n.PP\nOf \\fBall\\fR.\n.PP\nMore.\n.SH [a]\n.TP\n\\fBone = 1\\fR\nOne.\n.TP\n\
                        \\fBtwo = \"2\"\\fR\n.TQ\n\\fBthree = 3\\fR\nBoth.\n.SH [a.b]\n.PP\nOf b.\n";
        assert!(page.contains(expected), "{page}");
    }

    #[test]
    fn every_key_of_the_shipped_file_is_explained() {
        let page = of_settings(SHIPPED);
        let mut keys = SHIPPED.lines().map(|line| line.strip_prefix("# ").unwrap_or(line));
        assert!(keys.clone().filter(|key| is_key(key)).count() > 60);
        let name = |key: &str| key.split(" = ").next().unwrap_or(key).to_owned();
        assert!(keys.all(|key| !is_key(key) || page.contains(&format!("\n\\fB{} = ", name(key)))));
    }
}
