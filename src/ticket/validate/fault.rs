//! Why an answer is no ticket, for the log and for the next attempt. Both are fixed phrases.

/// Why an answer is no ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ticket) enum Fault {
    NoObject,
    NoText,
    Type,
    LongZone,
    Title,
    Parts,
    LongContent,
    Person,
    Language,
    Markup,
    Loop,
    Instructions,
}

impl Fault {
    /// A fixed phrase for the log.
    pub(in crate::ticket) fn reason(self) -> &'static str {
        match self {
            Self::NoObject => "the answer holds no ticket",
            Self::NoText => "a field of the ticket is no text",
            Self::Type => "the ticket's type is not among the configured ones",
            Self::LongZone => "the ticket's zone is too long for an address",
            Self::Title => "the ticket's title is not one sentence of 4 to 30 characters",
            Self::Parts => "the ticket's content lacks one of its two parts, or has one twice",
            Self::LongContent => "the ticket's content is too long",
            Self::Person => "the ticket is not in the third person",
            Self::Language => "the ticket is not in Chinese",
            Self::Markup => "the ticket holds mark-up",
            Self::Loop => "the ticket repeats itself",
            Self::Instructions => "the ticket repeats the instructions",
        }
    }

    /// What the next attempt is told.
    pub(in crate::ticket) fn repair(self) -> &'static str {
        match self {
            Self::NoObject => {
                "答案不是一个完整的JSON对象（只能有一个对象，4个字段各出现一次，不能中断）"
            }
            Self::NoText => "有字段不是字符串",
            Self::Type => "ticket_type不在规定的类型之中",
            Self::LongZone => "ticket_zone过长，只能是地址",
            Self::Title => "ticket_title必须是4到30个字的一句话",
            Self::Parts => {
                "ticket_content必须有“来电人咨询：”和“话务员解答内容：”两部分，各出现一次，且都有内容"
            }
            Self::LongContent => "ticket_content过长",
            Self::Person => "引号之外不能出现“我”“你”“您”“咱”“俺”，请用第三人称",
            Self::Language => "工单必须用中文书写",
            Self::Markup => "不能使用Markdown或HTML标记、列表符号、JSON字段名或其他特殊符号",
            Self::Loop => "工单反复重复同样的话",
            Self::Instructions => "工单里抄写了填写说明，而不是通话内容",
        }
    }
}
