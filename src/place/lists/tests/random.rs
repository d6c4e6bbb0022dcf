use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// One county of 六安市 with its towns, all with names of their own.
#[derive(Clone, Debug)]
struct County {
    name: String,
    towns: Vec<String>,
}

/// Names that no unit near 六安市 is like: two rare characters and a rank.
fn counties() -> impl Strategy<Value = Vec<County>> {
    let county = prop::sample::subsequence("麒麟貔貅鲲鹏饕餮".chars().collect::<Vec<_>>(), 2);
    let towns = prop::collection::btree_set("[龘齉爨鬻麤][彧翀堃曌犇](镇|乡|街道|开发区)", 1..5);
    let counties = prop::collection::btree_map(county, towns, 1..4);
    counties.prop_map(|counties| {
        let county = |(name, towns): (Vec<char>, BTreeSet<String>)| County {
            name: name.into_iter().chain(['县']).collect(),
            towns: towns.into_iter().collect(),
        };
        counties.into_iter().map(county).collect()
    })
}

fn quoted(text: &str, quote: bool) -> String {
    if quote { format!("\"{text}\"") } else { text.to_owned() }
}

/// Pieces of files, in an order that no file has.
fn texts() -> impl Strategy<Value = String> {
    let pieces = [
        "level,code,parent,name\n",
        "town,",
        ",",
        "\n",
        "\r\n",
        "\"",
        "六安市",
        "341500",
        "000",
        "[",
        "]",
        "{",
        "}",
        ":",
        "\"level\":",
        "\"name\"",
        "\"六安市\":",
        "4",
        "null",
        "\\",
        "\u{feff}",
        " ",
        "城关镇",
    ];
    let piece = prop_oneof![
        4 => prop::sample::select(pieces.to_vec()).prop_map(str::to_owned),
        1 => "\\PC{0,4}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_is_too_odd_to_be_refused(text in texts()) {
        let source = Source::new("f".to_owned(), text.clone());
        let mut faults = Faults::default();
        let read = [row::Form::Csv, row::Form::Json]
            .map(|form| row::read(&source, form, &mut faults).good.len());
        city::read(&source, &mut faults);
        prop_assert!(read.iter().sum::<usize>() <= text.len());
        // A location file and a list are never the same text.
        prop_assert!(!faults.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn what_a_list_adds_is_kept_and_found_with_its_code(
        counties in counties(),
        quote in any::<bool>(),
        coded in any::<bool>(),
        json in any::<bool>(),
    ) {
        let mut entries = Vec::new();
        let mut zones = Vec::new();
        for (county, first) in counties.iter().zip(341_580_u32..) {
            let code = |code: u32| coded.then_some(code);
            let parent = format!("安徽省/六安市/{}", county.name);
            for (town, second) in county.towns.iter().zip(1..) {
                let code = code(first * 1000 + second);
                entries.push(("town", code, parent.clone(), town.clone()));
                zones.push((format!("六安市{}{town}", county.name), code));
            }
            entries.push(("county", code(first), "341500".to_owned(), county.name.clone()));
            zones.push((format!("六安市{}", county.name), code(first)));
        }
        let (name, text) = if json {
            let entry = |(level, code, parent, name): &(&str, Option<u32>, String, String)| {
                serde_json::json!({"level": level, "code": code, "parent": parent, "name": name})
            };
            ("own.json", serde_json::Value::from_iter(entries.iter().map(entry)).to_string())
        } else {
            let entry = |(level, code, parent, name): &(&str, Option<u32>, String, String)| {
                let code = code.map_or_else(String::new, |code| code.to_string());
                [*level, &code, parent, name].map(|text| quoted(text, quote)).join(",") + "\r\n"
            };
            let entries: String = entries.iter().map(entry).collect();
            ("own.csv", format!("level,code,parent,name\r\n{entries}"))
        };
        let corrector = Corrector::new(with(&[(name, text.as_bytes())]).expect("a right list"));
        for (zone, code) in zones {
            let (text, codes) = outcome(&corrector, &zone);
            prop_assert_eq!(&text, &zone);
            prop_assert_eq!(codes.last().copied().flatten(), code, "{}", zone);
            let named = corrector.correct(&zone, "六安市").path.pop().expect("found");
            prop_assert!(zone.ends_with(&named.name), "{} {}", zone, named.name);
        }
    }
}
