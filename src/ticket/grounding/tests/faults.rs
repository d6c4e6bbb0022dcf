//! Plants faults into faithful tickets: what small models do to numbers, offices and names.

use crate::ticket::{Ticket, Transcript};

/// A ticket with one fault.
pub(super) struct Fault {
    pub(super) what: &'static str,
    pub(super) change: String,
    pub(super) ticket: Ticket,
}

/// The example numbers that a prompt may hold, and some out of the blue: what, how a call would say
/// it, and the words of a ticket.
const INVENTED: [(&str, &[&str], &str); 7] = [
    ("phone of an example", &["05641234567"], "，联系电话0564-1234567"),
    ("amount of an example", &["5000", "5千", "5k"], "，涉及金额5000元"),
    (
        "deadline of an example",
        &["3个工作日", "3到", "到3", "3、", "2、3", "23个工作日"],
        "，3个工作日内联系",
    ),
    ("amount invented", &["7613"], "，涉及金额7613.5元"),
    ("percentage invented", &["百分之37", "37"], "，占比37%"),
    ("deadline invented", &["19个工作日", "19"], "，19个工作日内办结"),
    ("phone invented", &["15912380476"], "，联系电话15912380476"),
];

/// Offices by their short and full names; another one is put in place of each.
#[rustfmt::skip]
const OFFICES: [(&str, &str); 18] = [
    ("住建局", "体育局"), ("住房和城乡建设局", "城市管理局"), ("城管局", "民政局"), ("城市管理局", "审计局"), ("市场监管局", "气象局"),
    ("市场监督管理局", "体育局"), ("人社局", "财政局"), ("人力资源和社会保障局", "住房和城乡建设局"), ("教育局", "统计局"),
    ("环保局", "信访局"), ("生态环境局", "商务局"), ("派出所", "司法所"), ("卫健委", "发改委"), ("交警大队", "消防大队"),
    ("交通局", "档案局"), ("水务局", "粮食局"), ("村委会", "业委会"), ("公安局", "体育局"),
];

/// Titles of persons, in front of which another surname is put.
const TITLES: [&str; 5] = ["先生", "女士", "师傅", "经理", "老师"];

/// Surnames, and others that sound otherwise.
const SURNAMES: [(char, char); 12] = [
    ('王', '郭'),
    ('李', '邓'),
    ('张', '郑'),
    ('刘', '孙'),
    ('陈', '郭'),
    ('杨', '杜'),
    ('赵', '罗'),
    ('周', '潘'),
    ('吴', '谭'),
    ('孙', '何'),
    ('马', '徐'),
    ('胡', '崔'),
];

/// Units and parts of the day, and what they are taken for.
const UNITS: [(&str, &str); 20] = [
    ("元", "平方米"),
    ("平方米", "元"),
    ("个月", "天"),
    ("天", "个月"),
    ("小时", "分钟"),
    ("分钟", "小时"),
    ("上午", "下午"),
    ("下午", "上午"),
    ("%", "折"),
    ("折", "%"),
    ("岁", "个月"),
    ("公里", "米"),
    ("万元", "元"),
    ("工作日", "月"),
    ("平方米", "亩"),
    ("公里", "平方米"),
    ("年", "个月"),
    ("月", "年"),
    ("元", "折"),
    ("岁", "元"),
];

/// All faults of these kinds that a ticket's content can have. A change that gives a number which the
/// ticket has elsewhere is left out: nobody can see it.
pub(super) fn plant(ticket: &Ticket, call: &Transcript) -> Vec<Fault> {
    let content = &ticket.ticket_content;
    let mut faults = Vec::new();
    let mut add = |what, change: String, content: String| {
        let ticket = Ticket { ticket_content: content, ..ticket.clone() };
        faults.push(Fault { what, change, ticket });
    };
    for (from, to) in digit_runs(content) {
        let digits = &content[from..to];
        let marker = content[to..].starts_with('.') && content[..from].ends_with(['：', '；']);
        if digits == "12345" || marker {
            continue;
        }
        let mut replace = |what, new: String| {
            if !content.contains(&new) && new != digits {
                let changed = format!("{}{new}{}", &content[..from], &content[to..]);
                add(what, format!("{digits} → {new}"), changed);
            }
        };
        for at in 0..digits.len() {
            let digit = digits.as_bytes()[at] - b'0';
            let other = char::from(b'0' + (digit + 3) % 10);
            replace("number changed", format!("{}{other}{}", &digits[..at], &digits[at + 1..]));
        }
        for at in 1..digits.len() {
            let (one, other) = (&digits[at - 1..at], &digits[at..=at]);
            let swapped = format!("{}{other}{one}{}", &digits[..at - 1], &digits[at + 1..]);
            replace("digits swapped", swapped);
        }
        replace("digit doubled", format!("{digits}{}", &digits[digits.len() - 1..]));
    }
    let said = by_digits(call);
    for (what, ways, words) in INVENTED {
        if !ways.iter().any(|way| said.contains(way)) {
            add(what, words.to_owned(), format!("{}{words}。", content.trim_end_matches('。')));
        }
    }
    let heard: String = call.turns.iter().map(|turn| turn.words.as_str()).collect();
    for (office, other) in OFFICES {
        let kind: String = other.chars().take(2).collect();
        if let Some(at) = content.find(office).filter(|_| !heard.contains(&kind)) {
            let changed = format!("{}{other}{}", &content[..at], &content[at + office.len()..]);
            add("office changed", format!("{office} → {other}"), changed);
        }
    }
    for (surname, other) in SURNAMES {
        for title in TITLES {
            let (name, changed) = (format!("{surname}{title}"), format!("{other}{title}"));
            if content.contains(&name) && !heard.contains(other) {
                let change = format!("{name} → {changed}");
                add("surname changed", change, content.replace(&name, &changed));
            }
        }
    }
    for (name, given) in full_names(content, &heard) {
        let changed = format!("{}{given}", name.chars().take(2).collect::<String>());
        add("given name changed", format!("{name} → {changed}"), content.replace(name, &changed));
    }
    for (unit, other) in UNITS {
        for (at, _) in content.match_indices(unit) {
            let before = content[..at].chars().next_back();
            let part_of_day = unit.ends_with('午');
            let is_number = before.is_some_and(|c| c.is_ascii_digit());
            // 1个月 for 1个 of 个月, and what the ticket says elsewhere, are no changes to be seen.
            let digits =
                digit_runs(&content[..at]).last().map_or("", |(from, _)| &content[*from..at]);
            let is_there = content.contains(&format!("{digits}{other}"));
            if is_number != part_of_day && !(is_number && is_there) {
                let changed = format!("{}{other}{}", &content[..at], &content[at + unit.len()..]);
                add("unit changed", format!("{unit} → {other} at {at}"), changed);
            }
        }
    }
    faults
}

/// The full names behind the one who calls, each with another given name.
fn full_names<'a>(content: &'a str, heard: &'a str) -> impl Iterator<Item = (&'a str, char)> {
    let role = "来电人";
    let name = move |(at, _): (usize, &str)| {
        let rest = &content[at + role.len()..];
        let end = rest.char_indices().nth(3).map_or(rest.len(), |(end, _)| end);
        let (name, behind) = rest.split_at(end);
        let is_name =
            heard.contains(name) && behind.starts_with(['反', '，', '称', '要', '表', '来']);
        let surname = name.chars().next()?;
        let is_surname = SURNAMES.iter().any(|(one, _)| *one == surname);
        (is_name && is_surname).then_some((name, if heard.contains('鑫') { '霖' } else { '鑫' }))
    };
    content.match_indices(role).filter_map(name)
}

/// The words of a call without blanks and stops, every numeral character as a digit. What it says
/// of a number is judged by this alone, not by what is tested.
fn by_digits(call: &Transcript) -> String {
    let words = call.turns.iter().flat_map(|turn| turn.words.chars());
    let digit = |c: char| match c {
        '〇' => '0',
        '幺' => '1',
        '两' => '2',
        '千' => '千',
        _ => "零一二三四五六七八九"
            .chars()
            .position(|d| d == c)
            .map_or(c, |d| char::from_digit(u32::try_from(d).unwrap_or(0), 10).unwrap_or(c)),
    };
    words.map(digit).filter(|c| c.is_alphanumeric()).collect()
}

/// The runs of Arabic digits of a text.
fn digit_runs(text: &str) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (at, _) in text.match_indices(|c: char| c.is_ascii_digit()) {
        match runs.last_mut() {
            Some((_, end)) if *end == at => *end = at + 1,
            _ => runs.push((at, at + 1)),
        }
    }
    runs
}
