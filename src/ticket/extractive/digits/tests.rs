//! Numbers in digits as they are written and as they stay.

use proptest::prelude::*;

use super::*;

#[test]
fn numbers_are_written_in_digits() {
    let table = [
        ("靠近进门一百二十一栋", "靠近进门121栋"),
        ("三栋二单元幺二零一室", "3栋2单元1201室"),
        ("欠我一千零二十元", "欠我1020元"),
        ("一共两千三百块钱", "一共2300元"),
        ("电话幺三八零零一二三四五六", "电话13800123456"),
        ("十二号楼", "12号楼"),
        ("三栋五零一", "3栋501"),
        ("八十二岁", "82岁"),
        ("八点十分", "8点10分"),
        ("两万五元", "25000元"),
        ("八千多块钱", "8000多元"),
        ("三块五一斤", "3.5元一斤"),
        ("百分之二十", "20%"),
        ("总共一点二亿", "总共1.2亿"),
        ("一个半月", "1.5个月"),
        ("两公里半", "2.5公里"),
        ("幺三八五六\n四幺二 三四五\n对", "13856412345\n对"),
        ("半个小时", "半个小时"),
        // No numbers, or none that is certain.
        ("十分生气", "十分生气"),
        ("有一点吵", "有一点吵"),
        ("三十铺镇", "三十铺镇"),
        ("一天到晚吵", "一天到晚吵"),
        ("我八十二 八十三了", "我八十二 八十三了"),
        ("周一到周五", "周一到周五"),
        ("五十块一张", "50元一张"),
        ("五十块一炮", "五十块一炮"),
        ("五一广场", "五一广场"),
        ("一年到头", "一年到头"),
        ("几万块钱", "几万块钱"),
        ("上百户", "上百户"),
        ("万年县", "万年县"),
        ("121栋", "121栋"),
        ("三五天", "3、5天"),
        ("七八个小时", "7、8个小时"),
        ("十五六岁", "15、16岁"),
        ("晚上九点四十", "晚上9点40分"),
        ("三万块钱左右", "30000元左右"),
        ("一斤六两", "一斤6两"),
        ("四八 五五四八 幺八六二七零幺五五四八", "18627015548"),
        ("编号是二零二四零九幺八 三三五六", "编号是202409183356"),
        ("两万五到三万", "25000元到30000"),
        ("我住十二零三", "我住1203"),
        ("十二栋 十二栋那个", "12栋 12栋那个"),
        ("一米七五不到", "1.75米不到"),
        ("13800 123 456", "13800123456"),
        ("二百块 二百五", "200元 250"),
        ("下午两点半", "下午2点半"),
        ("万分之五", "万分之5"),
        ("八八零二 幺三九五六四幺八八零二", "13956418802"),
        ("缴费基数四千二百四十一", "缴费基数4241"),
        ("大约一千五百元", "大约1500元"),
    ];
    for (said, expected) in table {
        assert_eq!(written(said, None), expected, "{said}");
    }
}

/// What is certain of a text, by value and unit; a minute is one behind an hour.
fn values(text: &str) -> Vec<(String, Option<&'static str>, bool)> {
    let numbers = numerals::said(text, &[]).into_iter().filter(|number| number.certain);
    let value = |number: Number| {
        (first(&number).to_owned(), number.unit.map(|unit| unit.name), number.hedged)
    };
    numbers.map(value).collect()
}

#[test]
fn what_is_written_is_read_as_what_was_said() {
    let table = [
        ("两千一百八十六块五毛", "2186.5元"),
        ("三块二毛五分", "3.25元"),
        ("三百五十块零五毛", "350.5元"),
        ("五毛钱", "0.5元"),
        ("五角", "0.5元"),
        ("十五亩六分地", "15.6亩"),
        ("一点三刻", "1点45分"),
        ("下午三点一刻到四点三刻", "下午3点15分到4点45分"),
        ("11:30", "11:30"),
        ("下午3:00", "下午3:00"),
        ("12点30", "12点30"),
        ("万一千万别", "万一千万别"),
        ("八九两个月", "八九两个月"),
        ("五十块一炮", "五十块一炮"),
        ("三十多万", "三十多万"),
        ("八千来块钱", "8000来元"),
        ("两块二毛八一斤", "2.28元一斤"),
        ("三到五天", "3到5天"),
        ("三十六度五", "36.5度"),
        ("零下五度", "-5度"),
        ("八个半小时", "8.5小时"),
        ("七八百块", "700、800元"),
        ("半夜两三点", "半夜2、3点"),
        ("1,200元", "1200元"),
    ];
    for (said, expected) in table {
        let found = written(said, None);
        assert_eq!(found, expected, "{said}");
        assert_eq!(values(&found), values(said), "{said}");
    }
}

const DIGITS: &str = "[一二三四五六七八九]";
const TENS: &str = "[二三四五六七八九]十[一二三四五六七八九]";
const THOUSANDS: &str =
    "[一三四五六七八九]千[一二三四五六七八九]百[二三四五六七八九]十[一二三四五六七八九]";

fn amount() -> impl Strategy<Value = String> {
    let unit =
        "块[一二三四五六七八九]毛[一二三四五六七八九]分|块[二三四五六七八九]毛|块钱|元|多块钱";
    (prop_oneof![DIGITS, TENS, THOUSANDS], unit).prop_map(|(number, unit)| number + &unit)
}

fn measure() -> impl Strategy<Value = String> {
    let unit = "亩|亩地|斤|公里|平米|吨|天|个月|个小时|岁|户人家|多户|栋|号楼|楼|度";
    (prop_oneof![DIGITS, TENS], unit).prop_map(|(number, unit)| number + &unit)
}

proptest! {
    #[test]
    fn amounts_and_measures_keep_their_values(said in prop_oneof![amount(), measure()]) {
        let found = written(&said, None);
        prop_assert_eq!(values(&found), values(&said), "{} of {}", found, said);
    }
}
