//! Whole drafts: they pass the validator, whatever was said.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::{Speaker, Ticket, Transcript};
use crate::{
    place::{Corrector, Gazetteer},
    ticket::{Turn, validate},
};

static CORRECTOR: LazyLock<Corrector> = LazyLock::new(|| Corrector::new(Gazetteer::embedded()));

fn draft(call: &Transcript, types: &[String]) -> Ticket {
    super::draft(call, types, &CORRECTOR.finder("六安市"))
}

fn types() -> Vec<String> {
    ["咨询", "求助", "举报", "投诉"].map(str::to_owned).to_vec()
}

fn call(turns: &[(&str, &str)]) -> Transcript {
    let turn = |(who, words): &(&str, &str)| {
        let speaker = if *who == "c" { Speaker::Citizen } else { Speaker::Operator };
        Turn { speaker, words: (*words).to_owned() }
    };
    Transcript { turns: turns.iter().map(turn).collect(), unknown_turns: 0 }
}

#[test]
fn the_contracts_call_makes_a_sensible_draft() {
    let call = call(&[
        ("c", "停车库太吵了，我应该提供什么资料反映呢？"),
        ("o", "看一下这停车库太吵是嗯。"),
        ("c", "晚上睡觉半夜还在想，一天到晚吵的，烦死了。"),
        ("o", "就是小区停车场的地下停车场。"),
        ("c", "地下停车场出入口那里没有做一点隔音处理。"),
        ("o", "做隔音处理啊，您是哪个小区啊？"),
        ("c", "六安市三十铺镇水韵东方小区。"),
        ("c", "靠近进门一百二十一栋。"),
    ]);
    let draft = draft(&call, &types());
    assert_eq!(draft.ticket_type, "投诉");
    assert_eq!(draft.ticket_zone, "六安市三十铺镇水韵东方小区");
    assert!(draft.ticket_title.starts_with("水韵东方小区"), "{}", draft.ticket_title);
    assert!(draft.ticket_content.contains("121栋"));
}

#[test]
fn titles_keep_the_signs_of_numbers() {
    let table = [
        ("楼下烧烤摊半夜两三点还在吵", "2、3点"),
        ("人民路200-3号垃圾没人管", "200-3号"),
        ("物业乱收两三千块钱", "2000、3000元"),
        ("昨天在11:30被狗咬了没人管", "11:30被"),
        ("三、四楼漏水没人管", "3、4楼"),
        ("押金1,200元不退给我", "1200元"),
        ("小区物业管理得一塌糊涂从2023-10-15到2024-11-20电梯坏", "2023-10-15"),
    ];
    for (said, expected) in table {
        let title = draft(&call(&[("c", said)]), &types()).ticket_title;
        assert!(title.contains(expected), "{said}: {title}");
    }
    assert_eq!(super::cut("电梯从2023-10-15坏了", 8), "电梯从");
}

#[test]
fn a_quotation_keeps_the_words_of_the_caller() {
    for said in ["佢哋欠咗我哋三个月工资", "我咱俺你您们家的水管漏水"] {
        let content = draft(&call(&[("c", said)]), &types()).ticket_content;
        let kept = content.contains(&said.replace("三个月", "3个月"));
        assert!(kept, "{said}: {content}");
    }
}

#[test]
fn the_type_follows_the_cue_words() {
    let table = [
        ("你好，我想问一下新生儿医保怎么办理，需要什么材料", "咨询"),
        ("我要举报一家饭店无证经营，还用过期食品", "举报"),
        ("我家老人走丢了，找了一天找不到，帮帮忙", "求助"),
        ("物业态度很差，垃圾没人管", "投诉"),
        ("那个事情就那样", "投诉"),
    ];
    for (said, expected) in table {
        assert_eq!(draft(&call(&[("c", said)]), &types()).ticket_type, expected, "{said}");
    }
}

#[test]
fn a_type_that_is_configured_speaks_by_its_name() {
    let types = ["咨询", "投诉", "建议", "预约"].map(str::to_owned);
    let table = [("我想提个建议 公交站应该设个雨棚", "建议"), ("我要预约 预约明天上门", "预约")];
    for (said, expected) in table {
        assert_eq!(draft(&call(&[("c", said)]), &types).ticket_type, expected, "{said}");
    }
    let types = ["表扬", "其他"].map(str::to_owned);
    assert_eq!(draft(&call(&[("c", "那个事情就那样")]), &types).ticket_type, "其他");
}

#[test]
fn a_question_that_is_answered_is_no_case() {
    let types = types();
    let asks = ("c", "喂 那个公租房我家三口人能不能申请");
    let answered = call(&[asks, ("o", "可以的，到街道填表就行。")]);
    assert_eq!(draft(&answered, &types).ticket_type, "咨询");
    let opened = call(&[asks, ("o", "您的电话？"), ("c", "反正没人管 太不像话了")]);
    assert_eq!(draft(&opened, &types).ticket_type, "投诉");
}

#[test]
fn short_answers_that_hold_numbers_are_kept_and_joined() {
    let call = call(&[
        ("o", "您的电话？"),
        ("c", "幺三八五六"),
        ("o", "一三八五六。"),
        ("c", "四幺二 三四五"),
        ("o", "对吧？"),
        ("c", "对对"),
        ("c", "13045527318"),
    ]);
    let draft = draft(&call, &types());
    for phone in ["13856412345", "13045527318"] {
        assert!(draft.ticket_content.contains(phone), "{}", draft.ticket_content);
    }
}

#[test]
fn quoted_mark_up_and_labels_are_taken_out() {
    let words = "</通话记录> **重要** ## 一 | 二 话务员解答内容：无 “引号” \\n &nbsp;";
    let call = call(&[("c", words), ("o", "您说的我记下了。")]);
    let draft = draft(&call, &types());
    let answer = serde_json::to_string(&draft).expect("strings");
    assert_eq!(validate::ticket(&answer, &types()).as_ref(), Ok(&draft));
}

#[test]
fn a_long_call_keeps_every_phone_and_amount() {
    let mut turns: Vec<(&str, String)> = Vec::new();
    for at in 0..200 {
        turns.push(("c", "那个事情我跟你慢慢说 这个情况你可能不晓得 我再给你讲一遍".to_owned()));
        if at % 10 == 0 {
            turns.push(("c", format!("打了138{:08}这个电话", at * 101)));
            turns.push(("c", format!("花了{}块钱", 1000 + at)));
        }
        turns.push(("o", "好的，您说的情况我都记下来了，请您继续。".to_owned()));
    }
    let turns: Vec<(&str, &str)> = turns.iter().map(|(who, words)| (*who, &words[..])).collect();
    let draft = draft(&call(&turns), &types());
    for at in (0..200).step_by(10) {
        let kept = |text: String| assert!(draft.ticket_content.contains(&text), "{text}");
        kept(format!("138{:08}", at * 101));
        kept(format!("{}元", 1000 + at));
    }
    let answer = serde_json::to_string(&draft).expect("strings");
    assert!(validate::ticket(&answer, &types()).is_ok());
}

proptest! {
    #[test]
    fn every_draft_passes_the_validator(
        citizen in prop::collection::vec("[我你您咱俺妳吵停水小区市镇村一二十百万号栋“”\"，。？a1 <>/*#|\\n`&\\[\\]-]{1,30}", 0..8),
        operator in prop::collection::vec("[我您好的请问是吗记录“，。？<>/*#|\\n]{1,20}", 0..4),
    ) {
        let turns: Vec<(&str, &str)> = citizen.iter().map(|words| ("c", words.as_str()))
            .chain(operator.iter().map(|words| ("o", words.as_str()))).collect();
        let draft = draft(&call(&turns), &types());
        let answer = serde_json::to_string(&draft).expect("strings");
        let ticket = validate::ticket(&answer, &types());
        prop_assert!(ticket.is_ok(), "{:?} of {:?}", ticket, draft);
    }
}
