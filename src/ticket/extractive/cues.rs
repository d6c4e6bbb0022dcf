//! Cue words: what kind of call it is, and which words carry nothing.

/// Words that speak for a type, with their weight. 投诉 is also what remains when nothing speaks.
#[rustfmt::skip]
const CUES: &[(&str, &[(&str, u32)])] = &[
    (
        "举报",
        &[
            ("举报", 6), ("违法", 3), ("违规", 3), ("无证", 4), ("无照", 4), ("非法", 4), ("偷税", 5),
            ("逃税", 5), ("不开发票", 4), ("贪污", 5), ("受贿", 5), ("诈骗", 4), ("骗", 2), ("骗低保", 5), ("骗保", 5), ("骗补", 5), ("偷采", 5), ("偷挖", 4),
            ("假冒", 4), ("伪劣", 4), ("假货", 4), ("假药", 4), ("传销", 5), ("赌博", 5), ("赌", 2),
            ("违建", 4), ("违章", 3), ("黑作坊", 5), ("偷排", 5), ("乱砍", 3), ("盗采", 5),
            ("超载", 3), ("套取", 4), ("过期食品", 4),
        ],
    ),
    (
        "求助",
        &[
            ("求助", 6), ("帮帮", 4), ("帮忙", 2), ("帮我", 2), ("帮我们", 2), ("帮一下", 3), ("申请补助", 4), ("派人", 3), ("来修", 2), ("躲起来", 2), ("救", 3), ("走失", 5), ("走丢", 5),
            ("被困", 5), ("丢了", 4), ("掉了", 2), ("找不到", 2), ("低保", 3), ("困难", 3),
            ("没钱", 3), ("生病", 2), ("残疾", 3), ("独居", 3), ("停水", 3), ("停电", 3), ("断水", 3),
            ("断电", 3), ("没水", 3), ("没电", 3), ("不来水", 3), ("漏水", 2), ("救助", 4),
            ("流浪", 3), ("孤儿", 3), ("打不开门", 4), ("落下", 2), ("没办法", 2), ("怎么找", 2),
        ],
    ),
    (
        "咨询",
        &[
            ("咨询", 6), ("请问", 3), ("问一下", 3), ("想问", 3), ("问问", 3), ("打听", 3),
            ("了解一下", 3), ("怎么办理", 4), ("如何", 2), ("怎么办", 1), ("什么材料", 3),
            ("什么资料", 2), ("哪些材料", 4), ("哪些资料", 3), ("什么手续", 4), ("流程", 3),
            ("条件", 2), ("政策", 2), ("进度", 3), ("什么时候", 2), ("几点", 2), ("多少钱", 2),
            ("电话是多少", 4), ("电话号码", 2), ("在哪里办", 4), ("在哪办", 4), ("去哪", 2),
            ("能不能办", 3), ("可以办", 2), ("怎么查", 3), ("怎么申请", 4), ("怎么报", 2),
            ("需要带", 3), ("补贴", 1), ("是不是可以", 2),
        ],
    ),
    (
        "建议",
        &[
            ("建议", 6), ("希望能够增加", 4), ("能不能增加", 4), ("最好能", 3), ("应该设", 3),
        ],
    ),
    (
        "投诉",
        &[
            ("投诉", 6), ("太吵", 4), ("很吵", 4), ("吵", 2), ("噪音", 4), ("噪声", 4), ("扰民", 4),
            ("没人管", 4), ("不管", 3), ("不处理", 4), ("没处理", 4), ("不作为", 4), ("不解决", 3),
            ("没解决", 3), ("推来推去", 4), ("踢皮球", 4), ("推诿", 4), ("乱收费", 4), ("多收", 3),
            ("态度", 3), ("拖欠", 4), ("欠", 1), ("工资", 2), ("臭", 3), ("垃圾", 2), ("油烟", 3),
            ("烦死", 3), ("坏了", 2), ("不给", 2), ("不退", 3), ("拒绝", 2), ("质量", 2),
            ("不合理", 3), ("影响", 2), ("反映", 2), ("污水", 3), ("占道", 3), ("乱停", 3), ("堵", 1),
            ("漏水", 2), ("路灯", 2), ("物业", 1), ("半夜", 2), ("忍受", 3), ("欺负", 3),
        ],
    ),
];

/// Words without content at a clause's start.
#[rustfmt::skip]
const OPENERS: &[&str] = &[
    "你好", "您好", "喂", "嗯", "呃", "哦", "噢", "哎", "唉", "啊", "那个", "这个", "就是说", "就是",
    "然后", "那么", "那我", "那", "我想要", "我家", "我们家", "我想", "我要", "我就", "我们想", "我们要", "我们", "我",
    "想要", "要", "想", "请问一下", "请问", "问一下", "问问", "反映一下", "咨询一下", "投诉一下",
    "举报一下", "反映", "就", "因为", "所以", "现在", "同志", "麻烦", "是这样的", "跟你说",
];

/// Particles at a clause's end.
const CLOSERS: [&str; 11] = ["啊", "呢", "吧", "呀", "哦", "嘛", "吗", "啦", "哈", "嗯", "的话"];

/// Turns that say nothing by themselves.
#[rustfmt::skip]
const SMALL_TALK: &[&str] = &[
    "你好", "您好", "喂", "嗯", "嗯嗯", "哦", "啊", "好", "好的", "好好", "好的好的", "对", "对对",
    "对的", "是", "是的", "行", "可以", "谢谢", "谢谢你", "谢谢您", "好的谢谢", "不客气", "再见",
    "请讲", "您请说", "请说", "您说", "你说", "稍等", "请稍等", "您请讲", "没有了", "没了", "您继续说", "你继续说", "您接着说", "您慢慢说", "不好意思",
];

/// Words that only a question holds.
#[rustfmt::skip]
const QUESTIONS: &[&str] = &[
    "什么", "哪个", "哪里", "哪儿", "多少", "几栋", "几路", "几号", "贵姓", "怎么称呼", "请问", "是不是", "有没有",
];

/// How much a text speaks for any type, the types' own names apart: 我要投诉 names no demand.
pub(super) fn any_weight(text: &str) -> u32 {
    let text = CUES.iter().fold(text.to_owned(), |text, (name, _)| text.replace(name, ""));
    CUES.iter().map(|(name, _)| weight(&text, name)).max().unwrap_or(0)
}

/// The type with the greatest weight of cues; among equals, and without any, the catch-all 投诉, else
/// the last of `types`.
pub(super) fn type_of(citizen: &[&str], types: &[String]) -> String {
    let said = citizen.join("，");
    let mut best = ("投诉", weight(&said, "投诉"));
    if !types.iter().any(|name| name == "投诉") {
        best = (types.last().map_or("", String::as_str), 0);
    }
    for name in types {
        let weight = weight(&said, name);
        if weight > best.1 {
            best = (name, weight);
        }
    }
    best.0.to_owned()
}

/// How much a text speaks for a type: the weight of each cue, counted twice at most.
pub(super) fn weight(text: &str, ticket_type: &str) -> u32 {
    let cues = CUES.iter().find(|(name, _)| *name == ticket_type).map_or(&[][..], |(_, cues)| cues);
    let count = |cue: &str| u32::try_from(text.matches(cue).count().min(2)).unwrap_or(2);
    cues.iter().map(|(cue, weight)| weight * count(cue)).sum()
}

/// A clause without the fillers at its ends.
pub(super) fn without_fillers(clause: &str) -> &str {
    let mut rest = clause.trim();
    loop {
        let opener = OPENERS.iter().find_map(|filler| rest.strip_prefix(filler));
        let closer = || CLOSERS.iter().find_map(|filler| rest.strip_suffix(filler));
        match opener.or_else(closer) {
            Some(shorter) => rest = shorter.trim(),
            None => return rest,
        }
    }
}

/// A clause without words for speaker and listener.
pub(super) fn impersonal(clause: &str) -> String {
    let mut text = clause.to_owned();
    for word in ["我们这边", "我们这里", "我们家", "我们", "我家", "你们", "您们", "我", "你", "您"]
    {
        text = text.replace(word, "");
    }
    text
}

/// Whether a turn says nothing by itself.
pub(super) fn is_small_talk(words: &str) -> bool {
    words
        .split(super::is_stop)
        .map(str::trim)
        .map(|part| part.trim_end_matches(|c: char| c.is_ascii_digit()))
        .all(|part| part.is_empty() || SMALL_TALK.contains(&part))
}

/// Whether a turn only asks.
pub(super) fn is_question(words: &str) -> bool {
    let words = words.trim_end_matches(['。', ' ']);
    words.ends_with(['？', '?', '吗', '呢']) || QUESTIONS.iter().any(|word| words.contains(word))
}
