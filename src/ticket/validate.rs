//! Whether an answer is a ticket. Pure, strict: what fails here is a failed attempt, and the next one is
//! told why.

use serde_json::{Map, Value};

use super::{NOT_MENTIONED, Ticket, parse};

/// The four fields of a ticket.
pub(super) const FIELDS: [&str; 4] =
    ["ticket_type", "ticket_zone", "ticket_title", "ticket_content"];

/// The two parts of the content, in their order.
const PARTS: [&str; 2] = ["来电人咨询", "话务员解答内容"];

/// The title's length in characters. The contract says about 15.
const TITLE_CHARS: std::ops::RangeInclusive<usize> = 4..=30;

/// The most characters of a zone and of a content.
const MOST_ZONE_CHARS: usize = 100;
const MOST_CONTENT_CHARS: usize = 4000;

/// A clause of so many characters that stands so often is a loop, not a list.
const LOOP_CHARS: usize = 6;
const LOOP_TIMES: usize = 4;

/// What Markdown and HTML leave in a text that shall have none.
const MARKUP: [&str; 9] = ["```", "**", "##", "<br", "</", "|--", "- [", "\\n", "&nbsp;"];

/// Words that address nobody although they hold 我 or 你.
const IMPERSONAL: [&str; 15] = [
    "自我",
    "迷你",
    "我爱我家",
    "我国",
    "我省",
    "我市",
    "我县",
    "我区",
    "忘我",
    "我局",
    "我委",
    "我镇",
    "我乡",
    "我校",
    "我院",
];

/// Why an answer is no ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    NoObject,
    NoText,
    Type,
    LongZone,
    Title,
    Parts,
    LongContent,
    Person,
    Markup,
    Loop,
}

impl Fault {
    /// A fixed phrase for the log.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::NoObject => "the answer holds no ticket",
            Self::NoText => "a field of the ticket is no text",
            Self::Type => "the ticket's type is not among the configured ones",
            Self::LongZone => "the ticket's zone is too long for an address",
            Self::Title => "the ticket's title is not one sentence of 4 to 30 characters",
            Self::Parts => "the ticket's content lacks one of its two parts",
            Self::LongContent => "the ticket's content is too long",
            Self::Person => "the ticket is not in the third person",
            Self::Markup => "the ticket holds mark-up",
            Self::Loop => "the ticket repeats itself",
        }
    }

    /// What the next attempt is told.
    pub(super) fn repair(self) -> &'static str {
        match self {
            Self::NoObject => "答案不是完整的JSON对象，或缺少字段",
            Self::NoText => "有字段不是字符串",
            Self::Type => "ticket_type不在规定的类型之中",
            Self::LongZone => "ticket_zone过长，只能是地址",
            Self::Title => "ticket_title必须是4到30个字的一句话",
            Self::Parts => {
                "ticket_content必须有“来电人咨询：”和“话务员解答内容：”两部分，且都有内容"
            }
            Self::LongContent => "ticket_content过长",
            Self::Person => "引号之外不能出现“我”“你”“您”，请用第三人称",
            Self::Markup => "不能使用Markdown或HTML标记",
            Self::Loop => "ticket_content反复重复同样的话",
        }
    }
}

/// Reads a model's answer as a ticket of one of these types.
pub(super) fn ticket(answer: &str, types: &[String]) -> Result<Ticket, Fault> {
    let object = parse::object(answer, &FIELDS).ok_or(Fault::NoObject)?;
    let ticket_type = kind(&text(&object, "ticket_type")?, types)?;
    let mut ticket_zone = text(&object, "ticket_zone")?;
    if ticket_zone.is_empty() || says_none(&ticket_zone) {
        NOT_MENTIONED.clone_into(&mut ticket_zone);
    } else if ticket_zone.chars().count() > MOST_ZONE_CHARS || ticket_zone.contains('\n') {
        return Err(Fault::LongZone);
    }
    let ticket_title = title(&text(&object, "ticket_title")?)?;
    let ticket_content = content(&text(&object, "ticket_content")?)?;
    let all = [&ticket_zone, &ticket_title, &ticket_content];
    if addresses_somebody(&ticket_title) || addresses_somebody(&ticket_content) {
        Err(Fault::Person)
    } else if all.iter().any(|text| MARKUP.iter().any(|mark| text.contains(mark))) {
        Err(Fault::Markup)
    } else if goes_round(&ticket_content) {
        Err(Fault::Loop)
    } else {
        Ok(Ticket { ticket_type, ticket_zone, ticket_title, ticket_content })
    }
}

fn text(object: &Map<String, Value>, field: &str) -> Result<String, Fault> {
    parse::text(object, field).ok_or(Fault::NoText)
}

/// The configured type that a text names: itself, or the only one that it holds, as 投诉类 does.
fn kind(text: &str, types: &[String]) -> Result<String, Fault> {
    if types.iter().any(|known| known == text) {
        return Ok(text.to_owned());
    }
    let mut held = types.iter().filter(|known| text.contains(known.as_str()));
    match (held.next(), held.next()) {
        (Some(only), None) => Ok(only.clone()),
        _ => Err(Fault::Type),
    }
}

/// Whether a zone only says, in other words, that there is none.
fn says_none(zone: &str) -> bool {
    let zone = zone.trim_matches(|c: char| !c.is_alphanumeric());
    zone.starts_with(NOT_MENTIONED)
        || ["无", "不详", "未知", "没有提及", "未说明", "未提供", "暂无"].contains(&zone)
}

/// One sentence, without the full stop at its end.
fn title(text: &str) -> Result<String, Fault> {
    let ends = ['。', '！', '？', '；', '!', '?', ';'];
    let title = text.trim_end_matches(['。', '；', ';', '.']).trim();
    let fits = TITLE_CHARS.contains(&title.chars().count());
    let one = title.trim_end_matches(ends);
    if !fits || one.contains(ends) || one.contains('\n') {
        return Err(Fault::Title);
    }
    Ok(title.to_owned())
}

/// Checks the two parts and gives both their full-width colon.
fn content(text: &str) -> Result<String, Fault> {
    let (before, rest) = text.split_once(PARTS[0]).ok_or(Fault::Parts)?;
    let (first, second) = rest.split_once(PARTS[1]).ok_or(Fault::Parts)?;
    let said = |part: &str| part.trim().trim_start_matches([':', '：']).trim().to_owned();
    let (first, second) = (said(first), said(second));
    if !before.trim().is_empty() || is_blank(&first) || is_blank(&second) {
        return Err(Fault::Parts);
    }
    if text.chars().count() > MOST_CONTENT_CHARS {
        return Err(Fault::LongContent);
    }
    Ok(format!("{}：{first} {}：{second}", PARTS[0], PARTS[1]))
}

/// Whether a text says nothing, dots and dashes of a template included.
fn is_blank(text: &str) -> bool {
    !text.chars().any(char::is_alphanumeric)
}

/// Whether the same clause stands again and again, but not because a caller said it so.
fn goes_round(text: &str) -> bool {
    let text = unquoted(text);
    let mut clauses: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
    clauses.retain(|clause| clause.chars().count() >= LOOP_CHARS);
    clauses.sort_unstable();
    clauses.chunk_by(|one, other| one == other).any(|same| same.len() >= LOOP_TIMES)
}

/// Whether a text says 我, 你 or 您 outside a quotation.
fn addresses_somebody(text: &str) -> bool {
    let plain = IMPERSONAL.iter().fold(unquoted(text), |plain, word| plain.replace(word, ""));
    plain.contains(['我', '你', '您'])
}

/// What stands outside quotation marks: the ticket's own words.
fn unquoted(text: &str) -> String {
    let mut closing = None;
    let mut plain = String::new();
    for character in text.chars() {
        match (closing, character) {
            (Some(end), _) if end == character => closing = None,
            (Some(_), _) => {}
            (None, '“') => closing = Some('”'),
            (None, '「') => closing = Some('」'),
            (None, '"') => closing = Some('"'),
            (None, '‘') => closing = Some('’'),
            (None, '『') => closing = Some('』'),
            (None, _) => plain.push(character),
        }
    }
    plain
}

#[cfg(test)]
mod tests;
