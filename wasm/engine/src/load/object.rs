//! Members of a JSON object by name, with the type that they must have.

use std::borrow::Cow;

use crate::json::{Kind, Value};

pub struct Object<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Object<'a> {
    /// Empty for anything but an object.
    pub fn new(value: Value<'a>) -> Self {
        Object(value.members().collect())
    }

    /// The member's value; null and missing are the same. A name that stands twice is an error.
    pub fn get(&self, name: &str) -> Result<Option<Value<'a>>, String> {
        let value = self.present(name)?;
        Ok(value.filter(|value| value.kind() != Kind::Null))
    }

    /// The member's value, null included.
    pub fn present(&self, name: &str) -> Result<Option<Value<'a>>, String> {
        let mut found = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| *value);
        let value = found.next();
        if found.next().is_some() {
            return Err(format!("`{name}` stands twice"));
        }
        Ok(value)
    }

    fn typed<T>(&self, name: &str, wanted: &str, read: impl Fn(Value<'a>) -> Option<T>) -> Result<Option<T>, String> {
        match self.get(name)? {
            None => Ok(None),
            Some(value) => match read(value) {
                Some(read) => Ok(Some(read)),
                None => Err(format!("`{name}` is {}, not {wanted}", shortened(value))),
            },
        }
    }

    pub fn text(&self, name: &str) -> Result<Option<Cow<'a, str>>, String> {
        self.typed(name, "a string", Value::as_str)
    }

    pub fn boolean(&self, name: &str) -> Result<Option<bool>, String> {
        self.typed(name, "true or false", Value::as_bool)
    }

    pub fn number(&self, name: &str) -> Result<Option<f64>, String> {
        self.typed(name, "a number", Value::as_f64)
    }

    pub fn integer(&self, name: &str) -> Result<Option<u32>, String> {
        self.typed(name, "a whole number below 2^32", |value| value.text().parse().ok())
    }

    pub fn array(&self, name: &str) -> Result<Option<Value<'a>>, String> {
        self.typed(name, "an array", |value| (value.kind() == Kind::Array).then_some(value))
    }

    pub fn required_text(&self, name: &str) -> Result<Cow<'a, str>, String> {
        self.text(name)?.ok_or_else(|| missing(name))
    }

    pub fn required_number(&self, name: &str) -> Result<f64, String> {
        self.number(name)?.ok_or_else(|| missing(name))
    }

    /// A member that must be there but may be null.
    pub fn required(&self, name: &str) -> Result<Value<'a>, String> {
        self.present(name)?.ok_or_else(|| missing(name))
    }
}

pub fn missing(name: &str) -> String {
    format!("`{name}` is missing")
}

/// A value's text, cut where it gets long.
pub fn shortened(value: Value<'_>) -> String {
    let text = value.text();
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
