//! Which answer to "correct this zone" may be believed.

use super::resembles;

/// Whether `answer` is `zone` with misheard characters of listed names replaced, and nothing else.
///
/// It must differ, be as long, and differ only inside listed names that the zone had misheard; a
/// name that the zone had right stays as it is.
pub fn is_plain_correction<'a>(
    zone: &str,
    answer: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> bool {
    let zone: Vec<char> = zone.chars().collect();
    let answer: Vec<char> = answer.chars().collect();
    if zone.len() != answer.len() || zone == answer {
        return false;
    }
    let mut allowed = vec![false; zone.len()];
    let mut fixed = vec![false; zone.len()];
    for name in names {
        let name: Vec<char> = name.chars().collect();
        if name.is_empty() || name.len() > zone.len() {
            continue;
        }
        for start in 0..=zone.len() - name.len() {
            let span = start..start + name.len();
            if zone[span.clone()] == name[..] {
                fixed[span].fill(true);
            } else if answer[span.clone()] == name[..] && resembles(&zone[span.clone()], &name) {
                allowed[span].fill(true);
            }
        }
    }
    let changed = |at: &usize| zone[*at] != answer[*at];
    (0..zone.len()).filter(changed).all(|at| allowed[at] && !fixed[at])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 8] =
        ["六安市", "金安区", "三十铺镇", "毛坦厂镇", "毛坦厂", "冯瓴镇", "舒城县", "山七镇"];

    #[test]
    fn only_replaced_characters_of_listed_names_are_believed() {
        let table = [
            ("刘安市金安区三十铺镇", "六安市金安区三十铺镇", true),
            ("六安市金安区冯岭镇", "六安市金安区冯瓴镇", true),
            ("六安市金安区茅坦厂", "六安市金安区毛坦厂", true),
            ("六安市舒城县山西镇", "六安市舒城县山七镇", true),
            ("刘安市山西镇", "六安市山七镇", true),
            // Nothing changed, something added, something dropped.
            ("六安市金安区", "六安市金安区", false),
            ("三十铺镇", "六安市三十铺镇", false),
            ("六安市三十铺镇", "三十铺镇", false),
            // Another place, a tail outside the list, a right name made another one.
            ("六安市三十铺镇", "六安市毛坦厂镇", false),
            ("三十铺镇水韵东方", "三十铺镇水云东方", false),
            ("六安市山七镇", "六安市冯瓴镇", false),
            ("", "六安市", false),
        ];
        for (zone, answer, expected) in table {
            assert_eq!(is_plain_correction(zone, answer, NAMES), expected, "{zone} {answer}");
        }
    }

    proptest! {
        #[test]
        fn what_is_believed_never_touches_a_name_that_was_right(
            zone in "[六刘安市金区三十铺镇山七西]{0,12}",
            answer in "[六刘安市金区三十铺镇山七西]{0,12}",
        ) {
            if is_plain_correction(&zone, &answer, NAMES) {
                for name in NAMES {
                    prop_assert!(!zone.contains(name) || answer.contains(name));
                }
            }
        }
    }
}
