//! Whole drafts: they pass the validator, whatever was said.

use proptest::prelude::*;

use super::*;
use crate::ticket::{Turn, validate};

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

proptest! {
    #[test]
    fn every_draft_passes_the_validator(
        citizen in prop::collection::vec("[我你您吵停水小区市镇村一二十百万号栋“”\"，。？a1 ]{1,30}", 0..8),
        operator in prop::collection::vec("[我您好的请问是吗记录“，。？]{1,20}", 0..4),
    ) {
        let turns: Vec<(&str, &str)> = citizen.iter().map(|words| ("c", words.as_str()))
            .chain(operator.iter().map(|words| ("o", words.as_str()))).collect();
        let draft = draft(&call(&turns), &types());
        let answer = serde_json::to_string(&draft).expect("strings");
        let ticket = validate::ticket(&answer, &types());
        prop_assert!(ticket.is_ok(), "{:?} of {:?}", ticket, draft);
    }
}
