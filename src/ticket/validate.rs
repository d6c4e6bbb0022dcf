//! Whether an answer is a ticket. Pure, strict: what fails here is a failed attempt.

use serde_json::{Map, Value};

use super::{NOT_MENTIONED, Ticket, parse};
use crate::dispatch::Unfit;

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

/// Reads a model's answer as a ticket of one of these types.
pub(super) fn ticket(answer: &str, types: &[String]) -> Result<Ticket, Unfit> {
    let object = parse::object(answer, &FIELDS).ok_or(Unfit("the answer holds no ticket"))?;
    let ticket_type = text(&object, "ticket_type")?;
    if !types.contains(&ticket_type) {
        return Err(Unfit("the ticket's type is not among the configured ones"));
    }
    let mut ticket_zone = text(&object, "ticket_zone")?;
    if ticket_zone.is_empty() || says_none(&ticket_zone) {
        NOT_MENTIONED.clone_into(&mut ticket_zone);
    } else if ticket_zone.chars().count() > MOST_ZONE_CHARS {
        return Err(Unfit("the ticket's zone is too long for an address"));
    }
    let ticket_title = text(&object, "ticket_title")?;
    if !TITLE_CHARS.contains(&ticket_title.chars().count()) || ticket_title.contains('\n') {
        return Err(Unfit("the ticket's title is not one sentence of 4 to 30 characters"));
    }
    let ticket_content = content(&text(&object, "ticket_content")?)?;
    if addresses_somebody(&ticket_title) || addresses_somebody(&ticket_content) {
        return Err(Unfit("the ticket is not in the third person"));
    }
    Ok(Ticket { ticket_type, ticket_zone, ticket_title, ticket_content })
}

fn text(object: &Map<String, Value>, field: &str) -> Result<String, Unfit> {
    parse::text(object, field).ok_or(Unfit("a field of the ticket is no text"))
}

/// Whether a zone only says, in other words, that there is none.
fn says_none(zone: &str) -> bool {
    let zone = zone.trim_matches(|c: char| !c.is_alphanumeric());
    zone.starts_with(NOT_MENTIONED)
        || ["无", "不详", "未知", "没有提及", "未说明", "未提供", "暂无"].contains(&zone)
}

/// Checks the two parts and gives both their full-width colon.
fn content(text: &str) -> Result<String, Unfit> {
    let missing = Unfit("the ticket's content lacks one of its two parts");
    let (before, rest) = text.split_once(PARTS[0]).ok_or(missing)?;
    let (first, second) = rest.split_once(PARTS[1]).ok_or(missing)?;
    let said = |part: &str| part.trim().trim_start_matches([':', '：']).trim().to_owned();
    let (first, second) = (said(first), said(second));
    if !before.trim().is_empty() || is_blank(&first) || is_blank(&second) {
        return Err(missing);
    }
    if text.chars().count() > MOST_CONTENT_CHARS {
        return Err(Unfit("the ticket's content is too long"));
    }
    Ok(format!("{}：{first} {}：{second}", PARTS[0], PARTS[1]))
}

/// Whether a text says nothing, dots and dashes of a template included.
fn is_blank(text: &str) -> bool {
    !text.chars().any(char::is_alphanumeric)
}

/// Whether a text says 我, 你 or 您 outside a quotation.
fn addresses_somebody(text: &str) -> bool {
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
    let plain = IMPERSONAL.iter().fold(plain, |plain, word| plain.replace(word, ""));
    plain.contains(['我', '你', '您'])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(changes: Value) -> Result<Ticket, &'static str> {
        let mut answer = json!({
            "ticket_type": "投诉",
            "ticket_zone": "六安市三十铺镇水韵东方小区",
            "ticket_title": "水韵东方小区地下车库噪音扰民",
            "ticket_content": "来电人咨询：车库很吵。 话务员解答内容：已记录。",
        });
        for (field, value) in changes.as_object().expect("an object") {
            answer[field] = value.clone();
        }
        let types = ["咨询", "投诉"].map(str::to_owned);
        ticket(&answer.to_string(), &types).map_err(|Unfit(reason)| reason)
    }

    #[test]
    fn a_good_answer_becomes_a_ticket_unchanged() {
        let ticket = judged(json!({})).expect("a ticket");
        assert_eq!(ticket.ticket_type, "投诉");
        assert_eq!(ticket.ticket_content, "来电人咨询：车库很吵。 话务员解答内容：已记录。");
    }

    #[test]
    fn what_models_vary_is_put_right() {
        let content = "来电人咨询:车库很吵。话务员解答内容: 已记录。";
        let ticket =
            judged(json!({"ticket_zone": null, "ticket_content": content})).expect("a ticket");
        assert_eq!(ticket.ticket_zone, "未提及");
        assert_eq!(ticket.ticket_content, "来电人咨询：车库很吵。 话务员解答内容：已记录。");
        let content = "来电人咨询：称“我要投诉你们”。话务员解答内容：自我介绍，我市没有“我爱我家”，我爱我家在外地。";
        assert!(judged(json!({"ticket_content": content})).is_ok(), "words in quotation marks");
        for zone in ["无", "不详", "（未提及）", "未提及具体地址"] {
            assert_eq!(
                judged(json!({"ticket_zone": zone})).expect("a ticket").ticket_zone,
                "未提及"
            );
        }
    }

    #[test]
    fn what_is_no_ticket_is_named() {
        let table = [
            (json!({"ticket_type": "投诉类"}), "type"),
            (json!({"ticket_type": null}), "type"),
            (json!({"ticket_zone": ["六安市"]}), "no text"),
            (json!({"ticket_zone": "长".repeat(101)}), "too long for an address"),
            (json!({"ticket_title": "噪音"}), "4 to 30"),
            (json!({"ticket_title": "长".repeat(31)}), "4 to 30"),
            (json!({"ticket_title": "我家楼下很吵"}), "third person"),
            (json!({"ticket_content": "车库很吵。"}), "two parts"),
            (json!({"ticket_content": "来电人咨询：…… 话务员解答内容：……"}), "two parts"),
            (json!({"ticket_content": "来电人咨询：吵。"}), "two parts"),
            (json!({"ticket_content": "话务员解答内容：已记录。来电人咨询：吵。"}), "two parts"),
            (
                json!({"ticket_content": "来电人咨询：我很烦。话务员解答内容：已记录。"}),
                "third person",
            ),
        ];
        for (changes, part) in table {
            let reason = judged(changes.clone()).expect_err(&changes.to_string());
            assert!(reason.contains(part), "{changes}: {reason}");
        }
        let Unfit(reason) = ticket("对不起，我不能。", &[]).expect_err("no object");
        assert_eq!(reason, "the answer holds no ticket");
    }
}
