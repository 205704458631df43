//! What a condition compares with, prepared for its operator when the specs load:
//! lower-cased sets, parsed numbers and instants, compiled regular expressions. [`Test::passes`] is the comparison.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::dates;
use crate::frame::{Dynamic, Elements};
use crate::json::{Kind, Value};
use crate::lists::IdLists;
use crate::pattern::Pattern;
use crate::reading;
use crate::texts::{TextHash, TextSet};

/// A comparison and its prepared target. A target of a kind that the comparison cannot use is `None` and never matches.
#[derive(Clone)]
pub enum Test {
    Number(Ordered, Option<f64>),
    Version(Ordered, Option<Box<str>>),
    Instant(Calendar, Option<i64>),
    Among {
        texts: Option<TextSet>,
        fold_case: bool,
        negate: bool,
    },
    Part {
        place: Place,
        parts: Box<[Box<str>]>,
        negate: bool,
    },
    Matches(Option<Pattern>),
    Equal {
        target: Equal,
        negate: bool,
    },
    InList {
        list: Option<u32>,
        negate: bool,
    },
    Contains {
        quantity: Quantity,
        texts: Option<TextSet>,
    },
}

#[derive(Clone, Copy)]
pub enum Ordered {
    Above,
    AboveOrSame,
    Below,
    BelowOrSame,
    Same,
    Different,
}

#[derive(Clone, Copy)]
pub enum Calendar {
    Before,
    After,
    SameDay,
}

#[derive(Clone, Copy)]
pub enum Place {
    Start,
    End,
    Anywhere,
}

#[derive(Clone, Copy)]
pub enum Quantity {
    Any,
    None,
    All,
    NotAll,
}

/// What `eq` compares with.
#[derive(Clone)]
pub enum Equal {
    Null,
    Bool(bool),
    Number(f64),
    Text(Box<[u8]>),
    /// Length and, for each element that survived, its place and text.
    Array(Box<[(usize, Box<[u8]>)]>),
    Object(Box<[Member]>),
}

/// Key and text of a target object's member.
type Member = (Box<[u8]>, Box<[u8]>);

impl Ordered {
    fn holds(self, ordering: Option<std::cmp::Ordering>) -> bool {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let Some(ordering) = ordering else {
            return false;
        };
        match self {
            Ordered::Above => ordering == Greater,
            Ordered::AboveOrSame => ordering != Less,
            Ordered::Below => ordering == Less,
            Ordered::BelowOrSame => ordering != Greater,
            Ordered::Same => ordering == Equal,
            Ordered::Different => ordering != Equal,
        }
    }
}

impl Test {
    /// Prepares `target` for `operator`; `None` for an operator that does not exist.
    pub fn prepare(operator: &str, target: Option<Value<'_>>, lists: &mut IdLists) -> Option<Test> {
        let among = |fold_case, negate| Test::Among {
            texts: texts_among(target, fold_case),
            fold_case,
            negate,
        };
        let part = |place, negate| Test::Part {
            place,
            parts: elements(target)
                .into_iter()
                .map(|element| element.folded.into())
                .collect(),
            negate,
        };
        let contains = |quantity| Test::Contains {
            quantity,
            texts: is_array(target).then(|| {
                elements(target)
                    .into_iter()
                    .map(|element| element.text.into_owned().into_bytes())
                    .collect()
            }),
        };
        let number = |order| Test::Number(order, target_number(target));
        let version = |order| Test::Version(order, target_text(target).map(|text| text.into_owned().into()));
        let instant = |calendar| Test::Instant(calendar, target_instant(target));
        let mut list = |negate| Test::InList {
            list: target_text(target).map(|name| lists.number(&name)),
            negate,
        };
        Some(match operator {
            "gt" => number(Ordered::Above),
            "gte" => number(Ordered::AboveOrSame),
            "lt" => number(Ordered::Below),
            "lte" => number(Ordered::BelowOrSame),
            "version_gt" => version(Ordered::Above),
            "version_gte" => version(Ordered::AboveOrSame),
            "version_lt" => version(Ordered::Below),
            "version_lte" => version(Ordered::BelowOrSame),
            "version_eq" => version(Ordered::Same),
            "version_neq" => version(Ordered::Different),
            "any" => among(true, false),
            "none" => among(true, true),
            "any_case_sensitive" => among(false, false),
            "none_case_sensitive" => among(false, true),
            "str_starts_with_any" => part(Place::Start, false),
            "str_ends_with_any" => part(Place::End, false),
            "str_contains_any" => part(Place::Anywhere, false),
            "str_contains_none" => part(Place::Anywhere, true),
            "str_matches" => Test::Matches(target_text(target).and_then(|text| Pattern::compile(&text))),
            "before" => instant(Calendar::Before),
            "after" => instant(Calendar::After),
            "on" => instant(Calendar::SameDay),
            "eq" => Test::Equal {
                target: Equal::prepare(target),
                negate: false,
            },
            "neq" => Test::Equal {
                target: Equal::prepare(target),
                negate: true,
            },
            "in_segment_list" => list(false),
            "not_in_segment_list" => list(true),
            "array_contains_any" => contains(Quantity::Any),
            "array_contains_none" => contains(Quantity::None),
            "array_contains_all" => contains(Quantity::All),
            "not_array_contains_all" => contains(Quantity::NotAll),
            _ => return None,
        })
    }

    /// Whether `value` passes.
    pub fn passes(&self, value: Dynamic<'_>, lists: &IdLists, temporary: &mut [u8]) -> bool {
        match self {
            Test::Number(order, target) => {
                let (Some(value), Some(target)) = (reading::float(value), target) else {
                    return false;
                };
                order.holds(value.partial_cmp(target))
            }
            Test::Version(order, target) => {
                let (Some(value), Some(target)) = (reading::text(value, temporary), target) else {
                    return false;
                };
                order.holds(compare_versions(reading::utf8(value), target))
            }
            Test::Instant(calendar, target) => {
                let (Some(value), Some(target)) = (reading::instant(value), target) else {
                    return false;
                };
                calendar.holds(value, *target)
            }
            Test::Among {
                texts,
                fold_case,
                negate,
            } => {
                let found = texts
                    .as_ref()
                    .is_some_and(|texts| with_text(value, *fold_case, temporary, |text| texts.contains(text)));
                found != *negate
            }
            Test::Part { place, parts, negate } => {
                let found = with_text(value, true, temporary, |text| {
                    parts.iter().any(|part| place.holds(text, part.as_bytes()))
                });
                found != *negate
            }
            Test::Matches(pattern) => {
                let Some(pattern) = pattern else {
                    return false;
                };
                let has_text = !matches!(
                    value,
                    Dynamic::Absent | Dynamic::Null | Dynamic::Object(_) | Dynamic::Time(_)
                );
                has_text && with_text(value, false, temporary, |text| pattern.matches(reading::utf8(text)))
            }
            Test::Equal { target, negate } => target.equals(value, temporary) != *negate,
            Test::InList { list, negate } => {
                let listed = list
                    .is_some_and(|list| reading::text(value, temporary).is_some_and(|text| lists.contains(list, text)));
                listed != *negate
            }
            Test::Contains { quantity, texts } => {
                let (Dynamic::Array(elements), Some(texts)) = (value, texts) else {
                    return false;
                };
                match quantity {
                    // By element, each of whose texts is made once.
                    Quantity::Any | Quantity::None => {
                        let found = elements
                            .iter()
                            .any(|element| reading::text(element, temporary).is_some_and(|text| texts.contains(text)));
                        found == matches!(quantity, Quantity::Any)
                    }
                    Quantity::All | Quantity::NotAll => {
                        let misses = texts.any(|text| {
                            let mut each = elements.iter();
                            !each.any(|element| reading::is_text(element, text, temporary))
                        });
                        misses == matches!(quantity, Quantity::NotAll)
                    }
                }
            }
        }
    }
}

/// Calls `test` with the value's text (empty when it has none), in lower case on request.
fn with_text(value: Dynamic<'_>, fold_case: bool, temporary: &mut [u8], test: impl FnOnce(&[u8]) -> bool) -> bool {
    let (text, rest) = match value {
        Dynamic::Text(text) => (text, temporary),
        _ => {
            let length = reading::text(value, temporary).unwrap_or_default().len();
            let (text, rest) = temporary.split_at_mut(length);
            (&*text, rest)
        }
    };
    if fold_case {
        test(reading::lower(text, rest))
    } else {
        test(text)
    }
}

impl Place {
    fn holds(self, text: &[u8], part: &[u8]) -> bool {
        match self {
            Place::Start => text.starts_with(part),
            Place::End => text.ends_with(part),
            Place::Anywhere => contains(text, part),
        }
    }
}

/// Up to this length a part is looked for at every place: the standard library's search sets itself up for 80 ns first.
const SHORT_PART: usize = 32;

fn contains(text: &[u8], part: &[u8]) -> bool {
    let Some((first, rest)) = part.split_first() else {
        return true;
    };
    if part.len() > SHORT_PART {
        return reading::utf8(text).contains(reading::utf8(part));
    }
    let Some(last) = text.len().checked_sub(part.len()) else {
        return false;
    };
    (0..=last).any(|at| text[at] == *first && text[at + 1..at + part.len()] == *rest)
}

impl Calendar {
    /// Small left sides are seconds; the target is always milliseconds.
    fn holds(self, left: i64, right: i64) -> bool {
        const DAY: i64 = 86_400_000;
        let left = if left.unsigned_abs() < 10_000_000_000 {
            left * 1000
        } else {
            left
        };
        match self {
            Calendar::Before => left < right,
            Calendar::After => left > right,
            Calendar::SameDay => left / DAY == right / DAY,
        }
    }
}

/// Component by component up to the first difference; `None` when a component that is reached is no number.
fn compare_versions(left: &str, right: &str) -> Option<std::cmp::Ordering> {
    let mut left = left.split('-').next()?.split('.');
    let mut right = right.split('-').next()?.split('.');
    loop {
        let (first, second) = (left.next(), right.next());
        if first.is_none() && second.is_none() {
            return Some(std::cmp::Ordering::Equal);
        }
        let component = |text: Option<&str>| text.map_or(Some(0), |text| text.trim().parse::<i128>().ok());
        let ordering = component(first)?.cmp(&component(second)?);
        if ordering.is_ne() {
            return Some(ordering);
        }
    }
}

impl Equal {
    fn prepare(target: Option<Value<'_>>) -> Equal {
        let Some(value) = target else {
            return Equal::Null;
        };
        match value.kind() {
            Kind::Null => Equal::Null,
            Kind::Bool => Equal::Bool(value.as_bool() == Some(true)),
            Kind::Number => Equal::Number(value.as_f64().unwrap_or(f64::NAN)),
            Kind::String => Equal::Text(value.as_str().unwrap_or_default().as_bytes().into()),
            Kind::Array => Equal::Array(
                elements(target)
                    .into_iter()
                    .map(|element| (element.place, element.text.as_bytes().into()))
                    .collect(),
            ),
            Kind::Object => {
                let bytes = |text: Cow<'_, str>| text.into_owned().into_bytes().into();
                let members = value.distinct_members().into_iter();
                Equal::Object(
                    members
                        .map(|(key, value)| (bytes(key), bytes(element_text(value))))
                        .collect(),
                )
            }
        }
    }

    fn equals(&self, value: Dynamic<'_>, temporary: &mut [u8]) -> bool {
        match self {
            Equal::Null => matches!(value, Dynamic::Null | Dynamic::Absent | Dynamic::Time(_)),
            Equal::Bool(target) => matches!(value, Dynamic::Bool(value) if value == *target),
            Equal::Number(target) => reading::float(value) == Some(*target),
            Equal::Text(target) => reading::is_text(value, target, temporary),
            Equal::Array(target) => {
                let Dynamic::Array(elements) = value else {
                    return false;
                };
                // An element beyond the collapsed length aborts Statsig's engine; here it is just not equal.
                elements.count() == target.len()
                    && target.iter().all(|(place, text)| {
                        *place < elements.count() && reading::is_text(elements.get(*place), text, temporary)
                    })
            }
            Equal::Object(target) => {
                let Dynamic::Object(members) = value else {
                    return false;
                };
                members.count() / 2 == target.len()
                    && target
                        .iter()
                        .all(|(key, text)| has_member(members, key, text, temporary))
            }
        }
    }
}

fn has_member(members: Elements<'_>, key: &[u8], text: &[u8], temporary: &mut [u8]) -> bool {
    members
        .members()
        .any(|(name, value)| name == key && reading::is_text(value, text, temporary))
}

fn is_array(target: Option<Value<'_>>) -> bool {
    target.is_some_and(|value| value.kind() == Kind::Array)
}

fn target_text(target: Option<Value<'_>>) -> Option<Cow<'_, str>> {
    target?.as_str()
}

fn target_number(target: Option<Value<'_>>) -> Option<f64> {
    match target?.as_str() {
        Some(text) => reading::parse_float(text.as_bytes()),
        None => target?.as_f64(),
    }
}

fn target_instant(target: Option<Value<'_>>) -> Option<i64> {
    match target?.as_str() {
        Some(text) => text
            .parse()
            .ok()
            .or_else(|| dates::parse(&text))
            .or_else(|| reading::parse_float(text.as_bytes()).map(|number| number as i64)),
        None => target?.as_f64().map(|number| number as i64),
    }
}

/// An element of a target array that no later element equals when case is ignored.
struct Element<'a> {
    place: usize,
    text: Cow<'a, str>,
    folded: String,
}

impl<'a> Element<'a> {
    #[inline(never)]
    fn new((place, value): (usize, Value<'a>)) -> Self {
        let text = element_text(value);
        let folded = lower_case(&text);
        Element { place, text, folded }
    }
}

#[inline(never)]
fn element_text(value: Value<'_>) -> Cow<'_, str> {
    value.as_str().unwrap_or_else(|| {
        let mut text = String::new();
        value.compact(&mut text);
        Cow::Owned(text)
    })
}

/// Nearly all texts are ASCII; what the rest needs is not even compiled then.
fn lower_case(text: &str) -> String {
    if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        text.to_lowercase()
    }
}

#[inline(never)]
fn elements(target: Option<Value<'_>>) -> Vec<Element<'_>> {
    let Some(target) = target else {
        return Vec::new();
    };
    let mut last: HashMap<&str, u32, TextHash> = HashMap::default();
    let mut elements: Vec<_> = target.elements().enumerate().map(Element::new).collect();
    for element in &elements {
        last.insert(&element.folded, element.place as u32);
    }
    if last.len() < elements.len() {
        let stays: Vec<bool> = elements
            .iter()
            .map(|element| last[&*element.folded] == element.place as u32)
            .collect();
        elements.retain(|element| stays[element.place]);
    }
    elements
}

/// The set for `any` and `none`: an array's elements, or for the case-insensitive pair an object's keys as they are.
fn texts_among(target: Option<Value<'_>>, fold_case: bool) -> Option<TextSet> {
    let value = target?;
    match value.kind() {
        Kind::Array => Some(
            elements(target)
                .into_iter()
                .map(|element| {
                    if fold_case {
                        element.folded.into_bytes()
                    } else {
                        element.text.into_owned().into_bytes()
                    }
                })
                .collect(),
        ),
        Kind::Object if fold_case => Some(value.members().map(|(key, _)| key.into_owned().into_bytes()).collect()),
        _ => None,
    }
}
