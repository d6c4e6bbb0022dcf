//! Words that carry nothing: fillers, small talk, questions.

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
    for word in [
        "我们这边",
        "我们这里",
        "我们家",
        "咱们家",
        "俺们家",
        "我哋",
        "你哋",
        "我们",
        "咱们",
        "俺们",
        "我家",
        "咱家",
        "俺家",
        "你们",
        "您们",
        "我",
        "咱",
        "俺",
        "你",
        "您",
        "妳",
    ] {
        text = text.replace(word, "");
    }
    text
}

/// Whether a turn says nothing by itself.
pub(super) fn is_small_talk(words: &str) -> bool {
    words
        .split(super::is_stop)
        .map(str::trim)
        .all(|part| part.is_empty() || SMALL_TALK.contains(&part))
}

/// Whether a turn only asks.
pub(super) fn is_question(words: &str) -> bool {
    let mut sentences = words.split(['。', '！', '；']).filter(|part| !part.trim().is_empty());
    sentences.all(|sentence| {
        sentence.ends_with(['？', '?', '吗', '呢'])
            || QUESTIONS.iter().any(|word| sentence.contains(word))
    })
}
