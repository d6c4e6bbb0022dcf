//! Persons: who was named, and who was not.

use super::tables::{differ, of, texts};

#[test]
fn a_person_goes_by_what_was_said() {
    let table = [
        ("我叫孙晓梅", "来电人孙晓梅反映，孙女士，投诉人孙晓梅"),
        ("老板叫王建国", "老板王建国，系分包；负责人王建国称没钱；司机王建国（王师傅）"),
        ("姓刘那个师傅", "刘师傅测过温，刘某"),
        ("联系人周经理", "联系人周经理，电话"),
        ("老师姓马", "马老师每天催"),
        (
            "我说了",
            "来电人曾致电咨询，来电人马上要求，来电人于本月反映，来电人常年投诉，来电人方便来电",
        ),
        (
            "我说了",
            "来电人何时反映，来电人白天反映，司机高度怀疑，邻居万分不满，来电人任何要求，老板余款于",
        ),
        ("我说了", "来电人周边反映，业主周末要求，患者康复，老板许可，店主严重违约，车主高速来电"),
        ("我姓王", "来电人王女士反映，业主王大姐称，来电人王某称，业主王总表示，来电人王称"),
        ("叫阿强的", "来电人多次反映，来电人不满于，老板失联，司机拒载，经理答应，来电人要求"),
    ];
    let mut wrong: Vec<String> = Vec::new();
    for (said, content) in table {
        wrong.extend(differ(texts(&of(said, content).ungrounded), [""; 0], said, content));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn another_person_is_named() {
    let table = [
        ("我叫孙晓梅", "来电人孙晓丽反映"),
        ("老板叫王建国", "老板王建军，系分包"),
        ("老板叫王建国", "老板李建国称"),
        ("老板叫王建国", "负责人王伟，电话"),
        ("我叫孙晓梅", "来电人（孙晓丽）要求"),
        ("联系人周经理", "联系人赵经理"),
        ("姓刘那个师傅 咱家不暖", "张师傅测过温"),
        ("邻居叫陈志强", "邻居陈志刚于昨天"),
        ("司机叫李军", "司机张军拒载，司机张军表示"),
    ];
    let mut wrong: Vec<String> = Vec::new();
    for (said, content) in table {
        wrong.extend(differ(of(said, content).ungrounded.is_empty(), false, said, content));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
