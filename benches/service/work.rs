//! What is asked and answered: the call of the contract and a ticket of it.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::caller::Request;

/// The call, eight turns long.
static CALL: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../data/example-call.json")).expect("it is JSON")
});

/// What the model answers to the call.
pub(crate) fn answer() -> String {
    json!({
        "ticket_type": "投诉",
        "ticket_zone": "六安市三十铺镇水韵东方小区",
        "ticket_title": "水韵东方小区地下车库噪音扰民",
        "ticket_content": "来电人咨询：来电人反映小区地下停车场出入口没有做隔音处理，停车库太吵，晚上影响\
            睡觉，询问应该提供什么资料反映。来电人住在靠近进门121栋。 话务员解答内容：话务员询问了来电人所在小区。",
    })
    .to_string()
}

/// The call as no other number has it, on its way to ticketd.
pub(crate) fn call(number: usize) -> Request {
    let mut call = CALL.clone();
    let session = call.as_object_mut().and_then(|call| call.values_mut().next());
    let turns = session.and_then(Value::as_array_mut).expect("its turns");
    turns.push(json!({"hot-line": format!("您的编号是{number}。")}));
    Request::post("/summarize", &call.to_string())
}
