//! Number plates in one piece, as a ticket writes them.

/// The numerals that are digits, by value; 〇, 幺 and 两 begin anew.
const DIGITS: &str = "零一二三四五六七八九〇幺两";

/// The characters that number plates begin with.
const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";

/// The characters of a number plate: of one that was seen in part, and the most.
const LEAST: usize = 3;
const MOST: usize = 8;

/// The text with the number plates in one piece: 津A 七七 B二零 is 津A77B20, 五K三幺八 is 5K318.
pub(super) fn written(text: &str) -> String {
    if !text.contains(|c: char| c.is_ascii_uppercase()) {
        return text.to_owned();
    }
    let characters: Vec<char> = text.chars().collect();
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(character) = characters.get(at) {
        let (plate, length) = plate(&characters[at..]);
        if plate.chars().count() >= LEAST && plate.contains(|c: char| c.is_ascii_uppercase()) {
            result.push_str(&plate);
            at += length;
        } else {
            result.push(*character);
            at += 1;
        }
    }
    result
}

/// The letters and digits at the start of a text, and how many characters they take.
fn plate(characters: &[char]) -> (String, usize) {
    let province = characters.first().is_some_and(|c| PROVINCES.contains(*c));
    let whole = province && characters.get(1).is_some_and(char::is_ascii_uppercase);
    let mut plate = String::new();
    let mut length = 0;
    for (at, character) in characters.iter().enumerate() {
        let next = match DIGITS.chars().position(|digit| digit == *character) {
            Some(position) => char::from_digit(position as u32 % 10, 10),
            None => Some(*character)
                .filter(|c| c.is_ascii_digit() || c.is_ascii_uppercase() || (whole && at == 0)),
        };
        match next {
            Some(next) if plate.chars().count() < MOST => plate.push(next),
            // A blank within a whole one.
            None if whole && at > 1 && matches!(character, ' ' | '·') => continue,
            _ => break,
        }
        length = at + 1;
    }
    (plate, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plates_stand_in_one_piece() {
        let table = [
            ("津A 七七 B二零 那个车", "津A77B20 那个车"),
            ("皖D 五K三幺八。", "皖D5K318。"),
            ("尾号七K三", "尾号7K3"),
            ("粤A8K56挂", "粤A8K56挂"),
            ("皖N·12345", "皖N12345"),
            ("川A的 牌照", "川A的 牌照"),
            ("A栋三楼", "A栋三楼"),
            ("三三楼", "三三楼"),
        ];
        for (said, expected) in table {
            assert_eq!(written(said), expected, "{said}");
        }
    }
}
