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
    ticket(&answer.to_string(), &types).map_err(|fault| fault.reason())
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
    let ticket = judged(json!({"ticket_zone": null, "ticket_content": content})).expect("a ticket");
    assert_eq!(ticket.ticket_zone, "未提及");
    assert_eq!(ticket.ticket_content, "来电人咨询：车库很吵。 话务员解答内容：已记录。");
    let content = "来电人咨询：称“我要投诉你们”。话务员解答内容：自我介绍，我市没有“我爱我家”，我爱我家在外地。";
    assert!(judged(json!({"ticket_content": content})).is_ok(), "words in quotation marks");
    let told = judged(json!({"ticket_type": "【投诉类】", "ticket_title": "反映车库很吵。"}));
    let told = told.expect("a ticket");
    assert_eq!((told.ticket_type.as_str(), told.ticket_title.as_str()), ("投诉", "反映车库很吵"));
    for zone in ["无", "不详", "（未提及）", "未提及具体地址"] {
        assert_eq!(judged(json!({"ticket_zone": zone})).expect("a ticket").ticket_zone, "未提及");
    }
}

#[test]
fn what_is_no_ticket_is_named() {
    let table = [
        (json!({"ticket_type": "投诉或咨询"}), "type"),
        (json!({"ticket_type": "表扬"}), "type"),
        (json!({"ticket_type": null}), "type"),
        (json!({"ticket_zone": ["六安市"]}), "no text"),
        (json!({"ticket_zone": "长".repeat(101)}), "too long for an address"),
        (json!({"ticket_title": "噪音"}), "4 to 30"),
        (json!({"ticket_title": "长".repeat(31)}), "4 to 30"),
        (json!({"ticket_title": "我家楼下很吵"}), "third person"),
        (json!({"ticket_title": "反映车库很吵。要求处理"}), "one sentence"),
        (json!({"ticket_title": "**反映车库很吵**"}), "mark-up"),
        (json!({"ticket_zone": "六安市\n金安区"}), "too long for an address"),
        (
            json!({"ticket_content": format!("来电人咨询：{}话务员解答内容：已记录。", "车库的噪音很大，".repeat(4))}),
            "repeats itself",
        ),
        (json!({"ticket_content": "车库很吵。"}), "two parts"),
        (json!({"ticket_content": "来电人咨询：…… 话务员解答内容：……"}), "two parts"),
        (json!({"ticket_content": "来电人咨询：吵。"}), "two parts"),
        (json!({"ticket_content": "话务员解答内容：已记录。来电人咨询：吵。"}), "two parts"),
        (json!({"ticket_content": "来电人咨询：我很烦。话务员解答内容：已记录。"}), "third person"),
    ];
    for (changes, part) in table {
        let reason = judged(changes.clone()).expect_err(&changes.to_string());
        assert!(reason.contains(part), "{changes}: {reason}");
    }
    let fault = ticket("对不起，我不能。", &[]).expect_err("no object");
    assert_eq!(fault.reason(), "the answer holds no ticket");
}
