//! From a payload's bytes to [`Specs`]. Both shapes are read, v2 (maps and shared conditions) and v1 (arrays and
//! conditions in place), into one form. A spec that does not parse is dropped and reported; a payload that does not
//! parse, or a shared condition that does not, refuses the whole, as in Statsig's engine.
//!
//! Specs are loaded once, by code that has never run, in a runtime that compiles each function when it is first called and
//! optimises it once it has run much. So the functions here are small and not inlined into one another (inlined, they are
//! 18 kB that take 120 ms to optimise on another thread, for nothing) and share few instances of generic code.

mod bandit;
mod condition;
mod object;
mod spec;

use std::borrow::Cow;
use std::collections::HashMap;

use crate::frame::Encoded;
use crate::json::{self, Kind, Value};
use crate::load::object::Object;
use crate::plan;
use crate::sha256::Prefix;
use crate::specs::{Dropped, Entity, Field, Index, Mapping, MappingRule, Returned, Specs};
use crate::texts::TextHash;

/// Why a payload was refused.
#[derive(Debug)]
pub struct LoadError {
    pub code: &'static str,
    /// Byte offset of a syntax error.
    pub offset: Option<usize>,
    pub message: String,
}

impl LoadError {
    fn invalid(message: String) -> Self {
        LoadError {
            code: "SPECS_INVALID",
            offset: None,
            message,
        }
    }
}

/// The namespaces, their members of the payload and what a dropped entry is called.
const NAMESPACES: [(&str, &str); 3] = [
    ("feature_gates", "gate"),
    ("dynamic_configs", "config"),
    ("layer_configs", "layer"),
];

/// Salts of specs by namespace and entity number, for the mappings that stand in for them.
type Salts<'a> = [Vec<Cow<'a, str>>; 3];

/// The definitions that count, by namespace and entity number.
type Defined<'a> = [Vec<Option<(String, Value<'a>)>>; 3];

/// Loads a payload. `app_id` takes the place of the payload's own.
pub fn load(payload: &[u8], app_id: Option<&str>) -> Result<Specs, LoadError> {
    let text = std::str::from_utf8(payload).map_err(|error| LoadError {
        code: "SPECS_INVALID",
        offset: Some(error.valid_up_to()),
        message: "the payload is not UTF-8".to_owned(),
    })?;
    let document = json::parse(text).map_err(|error| LoadError {
        code: "SPECS_INVALID",
        offset: Some(error.offset),
        message: error.message.to_owned(),
    })?;
    if document.kind() != Kind::Object {
        return Err(LoadError::invalid("the payload is not a JSON object".to_owned()));
    }
    let top = Object::new(document);
    if let Some(false) = top.boolean("has_updates").map_err(LoadError::invalid)? {
        return Err(LoadError {
            code: "SPECS_UNCHANGED",
            offset: None,
            message: "the payload says has_updates: false, so it holds no specs".to_owned(),
        });
    }
    let gates = top.get("feature_gates").map_err(LoadError::invalid)?;
    let first_version = gates.is_some_and(|gates| gates.kind() == Kind::Array);
    let mut loader = Loader::new(first_version);
    loader.document(&top, app_id).map_err(LoadError::invalid)?;
    loader.specs.report.conditions = loader.specs.conditions.len() as u32;
    let Loader { mut specs, hashes, .. } = loader;
    specs.slots = specs.fields.len();
    specs.hashes = hashes.len();
    plan::plan(&mut specs);
    Ok(specs)
}

impl Loader<'_> {
    /// What is hashed before a unit.
    #[inline(never)]
    fn prefix(&mut self, text: &str, unit: u32) -> Box<Prefix> {
        let next = self.hashes.len() as u32;
        let mut prefix = Box::new(Prefix::new(text.as_bytes()));
        prefix.place = *self.hashes.entry(format!("{unit} {text}")).or_insert(next);
        prefix
    }
}

/// The field of a unit. Every spelling of userID is the same one.
fn unit(id_type: &str) -> Field {
    let user = id_type.to_lowercase() == "userid";
    Field::Unit(if user { "userID" } else { id_type }.into())
}

#[inline(never)]
fn salts<'a>(defined: &Defined<'a>) -> Salts<'a> {
    let salt = |value: Value<'a>| value.member("salt").and_then(Value::as_str).unwrap_or_default();
    defined.each_ref().map(|definitions| {
        let each = definitions.iter().map(|definition| definition.as_ref());
        each.map(|definition| definition.map_or_else(Default::default, |(_, value)| salt(*value)))
            .collect()
    })
}

/// The state of loading: what is interned so far.
struct Loader<'a> {
    specs: Specs,
    first_version: bool,
    /// Entity numbers by name, per namespace.
    names: [HashMap<String, u32, TextHash>; 3],
    fields: HashMap<Field, u32, TextHash>,
    /// Numbers of shared conditions by id.
    shared: HashMap<String, u32, TextHash>,
    values: HashMap<&'a str, u32, TextHash>,
    explicit: HashMap<&'a str, u32, TextHash>,
    keys: HashMap<String, u32, TextHash>,
    /// Numbers of what is hashed before a unit, by unit and text.
    hashes: HashMap<String, u32, TextHash>,
}

impl<'a> Loader<'a> {
    fn new(first_version: bool) -> Self {
        Loader {
            specs: Specs::default(),
            first_version,
            names: Default::default(),
            fields: HashMap::default(),
            shared: HashMap::default(),
            values: HashMap::default(),
            explicit: HashMap::default(),
            keys: HashMap::default(),
            hashes: HashMap::default(),
        }
    }

    #[inline(never)]
    fn document(&mut self, top: &Object<'a>, app_id: Option<&str>) -> Result<(), String> {
        self.head(top, app_id)?;
        let mut defined = Defined::default();
        for (namespace, (member, _)) in NAMESPACES.iter().enumerate() {
            for (name, value) in self.named(top, member)? {
                let number = self.entity(namespace, &name) as usize;
                let definitions = &mut defined[namespace];
                if definitions.len() <= number {
                    definitions.resize_with(number + 1, || None);
                }
                // A name stands for one entity however often it is defined; the last definition counts.
                definitions[number] = Some((name, value));
            }
        }
        let bandits = top.get("cmab_configs")?.filter(|value| value.kind() == Kind::Object);
        for (name, _) in bandits.iter().flat_map(|bandits| bandits.members()) {
            self.entity(1, &name);
        }
        let salts = match top.get("overrides")? {
            Some(_) => salts(&defined),
            None => Salts::default(),
        };
        self.shared_conditions(top)?;
        for (namespace, definitions) in defined.into_iter().enumerate() {
            for (number, definition) in definitions.into_iter().enumerate() {
                let Some((name, value)) = definition else {
                    continue;
                };
                match self.spec(value) {
                    Ok(spec) => self.specs.entities[namespace][number].spec = Some(spec),
                    Err(reason) => self.drop(NAMESPACES[namespace].1, &name, reason),
                }
            }
        }
        for (name, value) in bandits.iter().flat_map(|bandits| bandits.distinct_members()) {
            let number = self.entity(1, &name) as usize;
            match self.bandit(value) {
                Ok(bandit) => self.specs.entities[1][number].bandit = Some(Box::new(bandit)),
                Err(reason) => self.drop("autotune", &name, reason),
            }
        }
        self.mappings(top, &salts)?;
        self.value_keys();
        Ok(())
    }

    #[inline(never)]
    fn head(&mut self, top: &Object<'a>, app_id: Option<&str>) -> Result<(), String> {
        if !self.first_version {
            for required in [
                "has_updates",
                "time",
                "feature_gates",
                "dynamic_configs",
                "layer_configs",
                "condition_map",
                "experiment_to_layer",
            ] {
                if top.get(required)?.is_none() {
                    return Err(format!("`{required}` is missing from the payload"));
                }
            }
            let time = top.get("time")?.map(Value::text).unwrap_or_default();
            if time.parse::<u64>().is_err() {
                return Err(format!("`time` is {time}, not a whole number of milliseconds"));
            }
        }
        self.specs.report.version = if self.first_version { 1 } else { 2 };
        self.specs.report.time = top.number("time")?;
        self.specs.report.default_environment = top.text("default_environment")?.map(Into::into);
        let payload_app = top.get("app_id")?;
        self.specs.app = match app_id {
            Some(app_id) => {
                let mut text = String::new();
                json::write_string(app_id, &mut text);
                json::parse(&text).ok().map(Encoded::new)
            }
            None => payload_app.map(Encoded::new),
        };
        Ok(())
    }

    /// The named definitions of a section: a map in v2, an array of objects with a `name` in v1.
    #[inline(never)]
    fn named(&mut self, top: &Object<'a>, member: &str) -> Result<Vec<(String, Value<'a>)>, String> {
        let Some(section) = top.get(member)? else {
            return Ok(Vec::new());
        };
        match section.kind() {
            Kind::Object => Ok(section
                .members()
                .map(|(name, value)| (name.into_owned(), value))
                .collect()),
            Kind::Array => {
                let mut named = Vec::new();
                for (index, value) in section.elements().enumerate() {
                    match value.member("name").and_then(Value::as_str) {
                        Some(name) => named.push((name.into_owned(), value)),
                        None => self.drop("spec", &format!("{member}[{index}]"), "it has no `name`".to_owned()),
                    }
                }
                Ok(named)
            }
            _ => Err(format!("`{member}` is neither an object nor an array")),
        }
    }

    #[inline(never)]
    fn drop(&mut self, kind: &'static str, name: &str, reason: String) {
        self.specs.report.dropped.push(Dropped {
            kind,
            name: name.into(),
            reason,
        });
    }

    /// The number of the entity called `name`, which is made when it is new.
    #[inline(never)]
    fn entity(&mut self, namespace: usize, name: &str) -> u32 {
        if let Some(number) = self.names[namespace].get(name) {
            return *number;
        }
        let number = self.specs.entities[namespace].len() as u32;
        self.names[namespace].insert(name.to_owned(), number);
        self.specs.names[namespace].push(name.into());
        self.specs.entities[namespace].push(Entity {
            exposed: !name.starts_with("segment:"),
            spec: None,
            bandit: None,
            mappings: Box::default(),
            plan: 0,
        });
        number
    }

    #[inline(never)]
    fn field(&mut self, field: Field) -> u32 {
        if let Some(number) = self.fields.get(&field) {
            return *number;
        }
        let number = self.specs.fields.len() as u32;
        self.specs.fields.push(field.clone());
        self.fields.insert(field, number);
        number
    }

    fn unit(&mut self, id_type: &str) -> u32 {
        self.field(unit(id_type))
    }

    fn text(&mut self, text: &str) -> u32 {
        self.specs.texts.number(text)
    }

    /// A return or default value: a boolean, an object, or nothing; other JSON counts as an empty object.
    #[inline(never)]
    fn returned(&mut self, value: Value<'a>) -> Returned {
        let text = match value.kind() {
            Kind::Null => None,
            Kind::Bool => None,
            Kind::Object => Some(value.text()),
            Kind::Number | Kind::String | Kind::Array => Some("{}"),
        };
        Returned {
            boolean: value.as_bool(),
            value: text.map(|text| Index::new(self.value(text))),
        }
    }

    #[inline(never)]
    fn value(&mut self, text: &'a str) -> u32 {
        let next = self.specs.values.len() as u32;
        let number = *self.values.entry(text).or_insert(next);
        if number == next {
            self.specs.values.push(text.into());
        }
        number
    }

    #[inline(never)]
    fn mappings(&mut self, top: &Object<'a>, salts: &Salts<'a>) -> Result<(), String> {
        let (Some(overrides), Some(rules)) = (top.get("overrides")?, top.get("override_rules")?) else {
            return Ok(());
        };
        let rules = Object::new(rules);
        for (name, list) in overrides.distinct_members() {
            for (namespace, salts) in salts.iter().enumerate() {
                let number = self.entity(namespace, &name);
                let salt = salts.get(number as usize).map_or("", |salt| salt);
                let mut mappings = Vec::new();
                for mapping in list.elements() {
                    mappings.push(self.mapping(mapping, &rules, namespace, salt)?);
                }
                self.specs.entities[namespace][number as usize].mappings = mappings.into();
            }
        }
        Ok(())
    }

    #[inline(never)]
    fn mapping(
        &mut self,
        value: Value<'a>,
        rules: &Object<'a>,
        namespace: usize,
        salt: &str,
    ) -> Result<Mapping, String> {
        let mapping = Object::new(value);
        let name = mapping.required_text("new_config_name")?;
        let config = self.entity(namespace, &name);
        let config_name = self.text(&name);
        let mut prepared = Vec::new();
        for rule in mapping.get("rules")?.iter().flat_map(|rules| rules.elements()) {
            let rule = Object::new(rule);
            let Some(definition) = rules.get(&rule.required_text("rule_name")?)? else {
                continue;
            };
            let definition = Object::new(definition);
            prepared.push(MappingRule {
                start: rule.number("start_time")?.unwrap_or(0.0),
                conditions: self.conditions(&definition)?,
                share: self.share(&definition, salt)?,
            });
        }
        Ok(Mapping {
            config,
            config_name,
            rules: prepared.into(),
        })
    }

    /// The keys of every value, for layers that merge the values of their rules.
    #[inline(never)]
    fn value_keys(&mut self) {
        let merges = self.specs.entities[2]
            .iter()
            .any(|layer| layer.spec.as_ref().is_some_and(|spec| spec.merges_rules));
        if !merges {
            return;
        }
        for text in &self.specs.values {
            let Ok(value) = json::parse(text) else {
                continue;
            };
            let mut keys = Vec::new();
            for (key, _) in value.members() {
                let next = self.keys.len() as u32;
                keys.push(*self.keys.entry(key.into_owned()).or_insert(next));
            }
            keys.sort_unstable();
            self.specs.value_keys.push(keys);
        }
    }
}
