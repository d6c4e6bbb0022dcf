//! Door numbers, amounts and telephone numbers in Arabic digits, as a ticket writes them.
//!
//! Only what a unit shows to be a number is changed: 三十铺镇 and 一天到晚 stay as they are.

/// What may follow a number that is written in digits.
#[rustfmt::skip]
const UNITS: &[&str] = &[
    "栋", "幢", "单元", "室", "楼", "层", "号", "户", "元", "块钱", "块", "万元", "平方", "平米", "吨", "公里", "公斤", "斤",
    "弄", "组", "队", "分钟", "个小时", "小时", "个月", "岁", "点", "天", "年", "月",
];

/// Units before which a lone 一 is mostly no number: 一点, 一天到晚, 一年到头.
const VAGUE: [&str; 6] = ["年", "月", "块", "分钟", "点", "天"];

/// Units of a door, before which digits are said one by one, and behind which they need no unit.
const DOORS: [&str; 6] = ["室", "号", "栋", "幢", "楼", "单元"];

/// The fewest digits said one by one that make a number without a unit: a telephone number.
const LEAST_DIGITS: usize = 5;

/// The text with such numbers in Arabic digits.
pub(super) fn numerals(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| value(c).is_none() && magnitude(c).is_none()).unwrap_or(rest.len());
        if end == 0 {
            result.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (run, after) = rest.split_at(end);
        let unit = UNITS.iter().find(|unit| after.starts_with(**unit));
        let vague = run == "一" && unit.is_some_and(|unit| VAGUE.contains(unit));
        let length = run.chars().count();
        let spelled_out = length > 1 && run.chars().all(|c| value(c).is_some());
        let vague = vague || result.ends_with(['几', '数']);
        let number = if spelled_out { spelled(run) } else { cardinal(run) };
        let minutes = result.ends_with('点') && after.starts_with('分');
        let is_number = if minutes {
            !spelled_out
        } else if spelled_out {
            // 三五天 is no number; two digits are one only before a door's unit.
            let door = unit.is_some_and(|unit| DOORS.contains(unit)) && !is_range(run);
            let behind_door = length >= 3 && DOORS.iter().any(|unit| result.ends_with(unit));
            length >= LEAST_DIGITS || behind_door || door || (length >= 3 && unit.is_some())
        } else {
            unit.is_some() && !vague
        };
        match number.filter(|_| is_number) {
            Some(number) => result.push_str(&number),
            None => result.push_str(run),
        }
        rest = after;
    }
    result
}

/// Whether two digits name a range, each one more than the one before: 七八个, 三四楼.
fn is_range(run: &str) -> bool {
    let digits: Vec<_> = run.chars().filter_map(value).collect();
    digits.len() == 2 && digits[0] + 1 == digits[1]
}

fn value(character: char) -> Option<u64> {
    let digits = [
        ("零〇", 0),
        ("一幺", 1),
        ("二两", 2),
        ("三", 3),
        ("四", 4),
        ("五", 5),
        ("六", 6),
        ("七", 7),
        ("八", 8),
        ("九", 9),
    ];
    digits.iter().find(|(names, _)| names.contains(character)).map(|(_, value)| *value)
}

fn magnitude(character: char) -> Option<u64> {
    match character {
        '十' => Some(10),
        '百' => Some(100),
        '千' => Some(1000),
        '万' => Some(10_000),
        _ => None,
    }
}

/// Digits said one by one: 幺三八 is 138.
fn spelled(run: &str) -> Option<String> {
    run.chars().map(|c| value(c).map(|value| value.to_string())).collect()
}

/// A number said with its magnitudes, each smaller than the one before: 一百二十一 is 121. What
/// leaves a magnitude out (两万五) is no case for a rule this simple and stays as said.
fn cardinal(run: &str) -> Option<String> {
    if run.starts_with(['百', '千', '万']) || run.matches('万').count() > 1 {
        return None;
    }
    let (mut total, mut section, mut digit, mut last) = (0, 0, None, u64::MAX);
    for character in run.chars() {
        if let Some(value) = value(character) {
            if digit.is_some_and(|digit| digit != 0) {
                return None;
            }
            digit = Some(value);
        } else if let Some(size) = magnitude(character) {
            if size == 10_000 {
                total = (section + digit.unwrap_or(0)) * size;
                (section, last) = (0, size);
            } else if size < last {
                let lone_ten = size == 10 && digit.is_none_or(|digit| digit == 0);
                section += digit.filter(|_| !lone_ten).unwrap_or(1) * size;
                last = size;
            } else {
                return None;
            }
            digit = None;
        }
    }
    let after_zero = run.chars().rev().nth(1).is_some_and(|c| value(c) == Some(0));
    if digit.is_some_and(|digit| digit != 0) && last > 10 && last != u64::MAX && !after_zero {
        return None;
    }
    Some((total + section + digit.unwrap_or(0)).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_unit_shows_to_be_a_number_is_written_in_digits() {
        let table = [
            ("靠近进门一百二十一栋", "靠近进门121栋"),
            ("三栋二单元幺二零一室", "3栋2单元1201室"),
            ("欠我一千零二十元", "欠我1020元"),
            ("一共两千三百块钱", "一共2300块钱"),
            ("电话幺三八零零一二三四五六", "电话13800123456"),
            ("十二号楼", "12号楼"),
            ("三万六千元", "36000元"),
            ("三栋五零一", "3栋501"),
            ("八十二岁", "82岁"),
            ("早上六点", "早上6点"),
            ("三五天", "三五天"),
            ("七八个小时", "七八个小时"),
            ("两三年", "两三年"),
            ("三四楼", "三四楼"),
            ("八点十分", "8点10分"),
            ("十分生气", "十分生气"),
            ("有一点吵", "有一点吵"),
            ("一万零五百元", "10500元"),
            // No numbers, or none that a simple rule can read.
            ("三十铺镇", "三十铺镇"),
            ("一天到晚吵", "一天到晚吵"),
            ("五一广场", "五一广场"),
            ("一年到头", "一年到头"),
            ("两万五元", "两万五元"),
            ("几万块钱", "几万块钱"),
            ("几十块钱", "几十块钱"),
            ("上百户", "上百户"),
            ("三万五万元", "三万五万元"),
            ("万年县", "万年县"),
            ("121栋", "121栋"),
        ];
        for (said, written) in table {
            assert_eq!(numerals(said), written, "{said}");
        }
    }
}
