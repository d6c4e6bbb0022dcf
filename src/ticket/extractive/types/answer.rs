//! Who asks, who answers, and what is said about the ticket itself.
//!
//! One rule: an operator answers with what the caller may do or must know. A question, comfort and
//! what only repeats the caller answer nothing.

use crate::ticket::{extractive::cues, numerals};

/// Words of a caller who wants to know something.
#[rustfmt::skip]
const ASKING: &[&str] = &[
    "？", "?", "吗", "么样", "请问", "咨询", "问一下", "问下", "问一哈", "问个", "想问", "问问", "打听", "了解一下", "想了解", "查一下",
    "怎么", "咋", "如何", "什么", "啥", "多少", "好多", "哪", "几点", "几天", "几号", "几次", "几年", "几个工作日", "多久", "多长", "好久", "能不能", "可不可以",
    "可以不", "是不是", "有没有", "有没得", "要不要", "行不行", "算不算", "合不合", "会不会", "该不该", "用不用", "能报不", "知道不", "还是",
    "不呢", "没呢", "电话给", "给个电话",
];

/// Words of an answer: what may be done, what must be, and where.
#[rustfmt::skip]
const ANSWERS: &[&str] = &[
    "可以", "不能", "能办", "能报", "能够", "需要", "要带", "带上", "带身份证", "带户口", "带好", "凭", "到", "去", "在", "窗口", "办理", "申请", "申报",
    "网上", "手机上", "小程序", "公众号", "规定", "政策", "标准", "按", "每", "免费", "工本费", "工作日", "上班", "热线", "拨打", "您打", "条件", "符合",
    "材料", "户口本", "身份证", "登录", "填", "提供", "不用", "不需要", "不收", "必须", "应当", "应该", "已经", "目前", "还没", "属于", "一般", "最低",
    "最高", "以上", "以下", "以内", "之前", "之后", "截止", "享受", "补贴", "缴", "交",
];

/// Words of comfort, of a request to speak on, and of a hotline that answers the telephone.
#[rustfmt::skip]
const COURTESIES: &[&str] = &[
    "请讲", "请说", "您说", "您讲", "慢慢说", "继续说", "接着说", "具体问题", "具体情况", "描述", "说一下", "讲一下", "别急", "别着急", "不要急", "不要着急",
    "别生气", "消消气", "冷静", "理解", "抱歉", "对不起", "不好意思", "明白", "了解", "知道了", "听清", "您好", "为您服务", "稍等", "查一下", "核实一下", "感谢",
    "谢谢", "再见", "不客气", "没关系", "记下", "好的", "耐心", "心情", "带来不便",
];

/// The fewest characters of a clause that answers.
const LEAST_ANSWER: usize = 4;

/// Words that speak of a ticket's fields or of formats: they are no demand.
const FIELDS: [&str; 8] = ["类型", "类别", "格式", "ticket", "JSON", "json", "Json", "TICKET"];

/// Whether a caller wants to know something.
pub(super) fn is_asked(citizen: &str) -> bool {
    ASKING.iter().any(|word| citizen.contains(word))
}

/// Whether a turn of an operator answers, given what the caller says.
pub(super) fn is_one(turn: &str, citizen: &str) -> bool {
    let mut sentences = turn.split_inclusive(['。', '！', '？', '；', '?', '!', ';']);
    sentences.any(|sentence| !cues::is_question(sentence) && answers(sentence, citizen))
}

fn answers(sentence: &str, citizen: &str) -> bool {
    let mut clauses = sentence.split(crate::ticket::extractive::is_stop);
    clauses.any(|clause| {
        let courteous = COURTESIES.iter().any(|word| clause.contains(word));
        let long = clause.chars().filter(|c| c.is_alphanumeric()).count() >= LEAST_ANSWER;
        long && !courteous
            && !citizen.contains(clause)
            && (ANSWERS.iter().any(|word| clause.contains(word)) || has_new_number(clause, citizen))
    })
}

/// Whether a clause has a number that the caller did not say.
fn has_new_number(clause: &str, citizen: &str) -> bool {
    let numbers = numerals::said(clause, &[]);
    let mut said = numbers.iter().filter(|number| number.certain).map(|n| &clause[n.span.clone()]);
    said.any(|number| !citizen.contains(number))
}

/// What a caller says without the clauses that speak of a ticket's fields, and without JSON.
pub(super) fn without_fields(citizen: &str) -> String {
    let mut kept = String::with_capacity(citizen.len());
    let mut rest = citizen;
    while let Some(open) = rest.find(['{', '｛']) {
        kept.push_str(&rest[..open]);
        let close = rest[open..].find(['}', '｝', '\n']).map_or(rest.len(), |close| open + close);
        rest = rest[close..].trim_start_matches(['}', '｝']);
    }
    kept.push_str(rest);
    let mut clauses = kept.split_inclusive(['，', '。', '！', '？', '；', '\n']);
    let mut meant = String::with_capacity(kept.len());
    for clause in &mut clauses {
        // Who says 类型 in passing, between blanks, says more than that.
        let mut words = clause.split_inclusive(' ').peekable();
        let named = ["ticket", "json", "JSON"].iter().any(|word| clause.contains(word));
        if named {
            continue;
        }
        while let Some(word) = words.next() {
            if !FIELDS.iter().any(|field| word.contains(field)) {
                meant.push_str(word);
            } else if word.trim_end().ends_with([':', '：', '是', '为']) {
                // 类型: 求助 names the value behind the blank.
                words.next();
            }
        }
    }
    meant
}
