//! Offices and organisations in a ticket: 城管局, 村委会, 绿阳物业公司. What was said may be a short
//! form of what is written, or a long one; the kind of office may be left out (城管 for 城管局).

mod alias;

use super::{Ear, Item, Kind, add, heard::Heard};

/// What names of organisations end in, the longer form first.
#[rustfmt::skip]
const ENDINGS: &[&str] = &[
    "股份有限公司", "有限责任公司", "集团有限公司", "有限公司",
    "居民委员会", "村民委员会", "业主委员会", "管理委员会", "街道办事处", "办事处", "派出所", "供电所", "卫生院", "卫生所", "司法所",
    "税务所", "居委会", "村委会", "业委会", "管委会", "委员会", "检察院", "法院", "医院", "银行", "公司", "物业", "社区", "街道办",
    "信访办", "拆迁办", "征收办", "综治办", "文明办", "扶贫办", "办公室", "卫健委", "发改委", "住建委", "国资委", "交警大队", "大队",
    "支队", "集团", "局",
];

/// Words that are no part of a name and may stand in front of one.
#[rustfmt::skip]
const BOUNDARIES: &[&str] = &[
    "要求", "联系", "反馈", "投诉", "督促", "敦促", "责令", "责成", "协调", "通知", "告知", "询问", "咨询", "认为", "建议", "希望", "怀疑",
    "指责", "表示", "说明", "反映", "指出", "请求", "催促", "转交", "转达", "转告", "移交", "交由", "配合", "协助", "更换", "聘请", "质疑",
    "举报", "起诉", "委托", "属于", "没有", "多次", "一直", "长期", "目前", "现在", "之后", "以及", "或者", "前往", "致电", "拨打", "电话",
    "办理", "提交", "转办", "派单", "派发", "下派", "处理", "负责", "答复", "回复", "核实", "解决", "登记", "记录", "上报", "报送", "尽快",
    "已经", "通过", "关于", "根据", "按照", "经过", "期间", "随后", "但是", "由于", "因为", "所以", "如果", "可以", "需要", "应当", "应该",
    "来电人", "话务员", "市民", "业主", "居民", "村民", "当地", "辖区", "属地", "所在", "所属", "相关", "有关", "主管", "职能", "上级",
    "寻求", "缴纳", "交给", "支付", "出示", "作为", "成立", "开设", "入驻", "管理", "工作人员", "发现", "不满", "对此", "内容", "解答",
    "由", "向", "到", "去", "在", "是", "的", "和", "与", "及", "请", "让", "称", "等", "了", "将", "给", "该", "对", "把", "从", "被",
    "至", "经", "为", "找", "催", "因", "但", "而", "且", "并", "跟", "使", "归", "各", "每", "其", "此", "这", "那", "有", "无", "没",
    "不", "未", "已", "曾", "也", "都", "就", "又", "再", "还", "只", "或", "某", "家", "问", "报", "过", "后", "前", "时", "可", "应",
    "需", "需要", "说", "地", "得", "着", "于", "以", "当", "若", "如", "则", "要", "会", "能", "想", "使", "位", "个", "名", "内", "打", "转", "料交", "件交", "自己", "保留",
    "附近", "乘坐", "同步", "招聘", "选聘", "引进", "转至", "推送", "发送", "抄送", "函告", "约谈", "补充", "涉及", "购买", "入住", "就职", "任职", "供职", "任", "某", "先后", "再次", "同时", "分别", "共同", "联合", "会同", "旁边", "隔壁", "楼下", "门口", "受损", "损坏", "破损", "漏水", "停水", "停电", "拒绝", "推诿", "欠费", "收费", "乱收费",
];

/// Words that make no name of what they end: 小区物业, 市住建局's 市.
#[rustfmt::skip]
const GENERIC: &[&str] = &[
    "小区", "开发商", "开发", "施工", "承建", "建设", "物业", "物管", "社区", "街道", "乡镇", "镇", "村", "县", "区", "市", "省", "乡",
    "政府", "单位", "责任", "管理", "部门", "前期", "原", "新", "现", "旧", "上述", "对应", "涉事", "本", "服务", "分", "总", "热线",
    "话务", "承办", "平台", "有限", "股份", "集团", "一", "两", "多", "人民", "用人", "第三方", "中国", "老", "全", "老年", "两级", "三级",
    "所有", "公共", "专业", "国有", "私人", "外包", "国家",
];

/// Words right in front of an ending that tell which one is meant without a name: 招聘新物业.
const SOME: [&str; 8] = ["新", "原", "旧", "该", "本", "前期", "现", "其他"];

/// Words with 局 and the like that are no office.
#[rustfmt::skip]
const NO_OFFICES: &[&str] = &[
    "局部", "局面", "局势", "结局", "布局", "当局", "格局", "骗局", "全局", "大局", "僵局", "饭局", "开局", "局限", "残局", "邮局",
    "物业费", "物业服务费", "社区医院", "银行卡", "银行账户", "物业管理费", "物业服务中心", "社区服务",
];

/// The most characters of a name in front of its ending.
const MOST_STEM: usize = 14;

/// Checks the organisations of a text.
pub(super) fn check<E: Ear>(text: &str, heard: &Heard<'_, E>, items: &mut Vec<Item>) {
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        let Some(ending) = ENDINGS.iter().find(|ending| starts(&chars[at..], ending)) else {
            at += 1;
            continue;
        };
        let length = ending.chars().count();
        let from = stem(&chars, at);
        let whole = &chars[from..at + length];
        // 工业和信息化局 is one name, 物业和社区 are two.
        let joins =
            from.checked_sub(1).filter(|before| matches!(chars[*before], '和' | '与' | '及'));
        let is_longer = || {
            let from = joins.map(|before| stem(&chars, before)).filter(|longer| *longer + 1 < from);
            from.is_some_and(|from| is_grounded(&chars[from..at], &chars[from..at + length], heard))
        };
        if !is_other_word(&chars, at, length)
            && !is_grounded(&chars[from..at], whole, heard)
            && !is_longer()
        {
            let text: String = whole.iter().collect();
            add(items, Kind::Office, &text);
        }
        at += length;
    }
}

fn starts(chars: &[char], word: &str) -> bool {
    word.chars().enumerate().all(|(index, c)| chars.get(index) == Some(&c))
}

fn ends(chars: &[char], word: &str) -> bool {
    let mut before = chars.iter().rev();
    word.chars().rev().all(|c| before.next() == Some(&c))
}

fn is_other_word(chars: &[char], at: usize, length: usize) -> bool {
    NO_OFFICES.iter().any(|word| {
        let before = word.chars().count().saturating_sub(length);
        let from = at.saturating_sub(before);
        (from..=at).any(|from| starts(&chars[from..], word))
    })
}

/// Where the name in front of an ending begins: behind the last word that is no part of a name.
fn stem(chars: &[char], at: usize) -> usize {
    let least = at.saturating_sub(MOST_STEM);
    let begins = |from: &usize| {
        let before = &chars[least..*from];
        before.last().is_none_or(|c| !c.is_alphabetic())
            || BOUNDARIES.iter().any(|word| ends(before, word))
    };
    (least..=at).rev().find(begins).unwrap_or(least)
}

/// Whether a name was said; `stem` is what stands in front of its ending.
fn is_grounded<E: Ear>(stem: &[char], whole: &[char], heard: &Heard<'_, E>) -> bool {
    let ending = &whole[stem.len()..];
    let core = without_generic(without_region(stem));
    core.is_empty()
        || heard.has(whole)
        || SOME.iter().any(|word| ends(stem, word))
        || alias::is_said(whole, stem.len(), heard)
        || is_core_grounded(core, ending, heard)
        || is_core_grounded(without_generic(stem), ending, heard)
}

fn is_core_grounded<E: Ear>(core: &[char], ending: &[char], heard: &Heard<'_, E>) -> bool {
    let local: Vec<char> = core.iter().chain(ending).copied().collect();
    if core.len() < 2 {
        let with_ending: Vec<char> = core.iter().chain(&ending[..1]).copied().collect();
        return heard.has(&with_ending) || heard.has_short_form(&local);
    }
    // The left end of a name is a guess: its last characters must have been said.
    is_heard_in_parts(core, heard)
        || heard.has(&core[core.len() - 2..])
        || heard.has_short_form(&local)
        || (local.len() >= 3 && heard.has_in_order(&local))
}

/// Whether a name was said in parts of two characters or more: 解放路绿阳.
fn is_heard_in_parts<E: Ear>(mut core: &[char], heard: &Heard<'_, E>) -> bool {
    while !core.is_empty() {
        let part = (2..=core.len()).rev().find(|length| heard.has(&core[..*length]));
        let Some(length) = part else { return false };
        core = &core[length..];
    }
    true
}

/// What follows the city, district or county in front: 六安市城管局 is the 城管局.
fn without_region(stem: &[char]) -> &[char] {
    let is_mark = |at: &usize| {
        let is_word = matches!(stem.get(at + 1), Some('场' | '政' | '容'));
        matches!(stem[*at], '省' | '区' | '县' | '镇' | '乡') || (stem[*at] == '市' && !is_word)
    };
    let mark = (0..stem.len().min(9)).rev().find(is_mark);
    let mark = mark.filter(|mark| *mark + 1 < stem.len());
    let rest = mark.map_or(stem, |mark| &stem[mark + 1..]);
    // 水韵小区物业 is named by what stands in front of 小区.
    if mark.is_some_and(|mark| stem[..=mark].ends_with(&['小', '区'])) { stem } else { rest }
}

/// A name without the words at its ends that name nothing.
fn without_generic(mut stem: &[char]) -> &[char] {
    loop {
        let last = GENERIC.iter().find(|word| ends(stem, word)).map(|word| word.chars().count());
        let first = GENERIC.iter().find(|word| starts(stem, word)).map(|word| word.chars().count());
        stem = match (last, first) {
            (Some(length), _) => &stem[..stem.len() - length],
            (None, Some(length)) => &stem[length..],
            (None, None) => return stem,
        };
    }
}
