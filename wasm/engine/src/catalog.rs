//! What a host must know of the loaded specs to ask for evaluations and to read their outcomes, as one JSON text.
//!
//! ```text
//! { format, time?, defaultEnvironment?, conditions,
//!   fields: [[kind, name], …],                     kind: user, unit, environment
//!   plans: [[fields, bits, scratch], …],           bits: 1 time, 2 seed, 4 country; scratch in bytes
//!   gates | configs | layers: [[name, entity, plan, bits], …],   entity null: the name has no spec; bits: 1 bandit
//!   texts: [text, …], values: [object, …], explicit: [[parameter, …], …], lists: [name, …],
//!   dropped: [[kind, name, reason], …], unsupported: [[kind, name, rule, reason], …] }
//! ```

use std::collections::HashMap;
use std::fmt::Write;

use crate::json::write_string;
use crate::specs::{Entity, Field, Plan, Specs};

pub fn catalog(specs: &Specs) -> String {
    let mut out = Catalog(String::new());
    let report = &specs.report;
    let _ = write!(out.0, "{{\"format\":{}", report.version);
    if let Some(time) = report.time {
        let _ = write!(out.0, ",\"time\":{time}");
    }
    if let Some(text) = &report.default_environment {
        out.member("defaultEnvironment");
        out.text(text);
    }
    let _ = write!(out.0, ",\"conditions\":{}", report.conditions);
    out.list("fields", &specs.fields, |out, field| out.texts(&names(field)));
    let mut plans = Plans::default();
    for (name, entities) in ["gates", "configs", "layers"].iter().zip(&specs.entities) {
        out.list(name, entities, |out, entity| {
            out.entity(entity, plans.number(&entity.plan))
        });
    }
    out.list("plans", &plans.plans, |out, plan| out.plan(plan));
    out.list("texts", specs.texts.iter(), |out, text| out.text(text));
    out.list("values", &specs.values, |out, value| out.0.push_str(value));
    out.list("explicit", &specs.explicit, |out, names| out.0.push_str(names));
    out.list("lists", specs.lists.names(), |out, name| out.text(name));
    out.list("dropped", &report.dropped, |out, it| {
        out.texts(&[it.kind, &it.name, &it.reason])
    });
    out.list("unsupported", &report.unsupported, |out, it| {
        out.texts(&[it.kind, &it.name, &it.rule, &it.reason])
    });
    out.0.push('}');
    out.0
}

fn names(field: &Field) -> [&str; 2] {
    match field {
        Field::User(name) => ["user", name],
        Field::Unit(name) => ["unit", name],
        Field::Environment(name) => ["environment", name],
    }
}

/// The distinct plans: most specs share theirs with others.
#[derive(Default)]
struct Plans<'s> {
    numbers: HashMap<&'s Plan, usize>,
    plans: Vec<&'s Plan>,
}

impl<'s> Plans<'s> {
    fn number(&mut self, plan: &'s Plan) -> usize {
        let next = self.plans.len();
        let number = *self.numbers.entry(plan).or_insert(next);
        if number == next {
            self.plans.push(plan);
        }
        number
    }
}

struct Catalog(String);

impl Catalog {
    fn member(&mut self, name: &str) {
        let _ = write!(self.0, ",\"{name}\":");
    }

    fn list<T>(&mut self, name: &str, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        self.member(name);
        self.0.push('[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.0.push(',');
            }
            write(self, item);
        }
        self.0.push(']');
    }

    fn text(&mut self, text: &str) {
        write_string(text, &mut self.0);
    }

    fn texts(&mut self, texts: &[&str]) {
        self.0.push('[');
        for (index, text) in texts.iter().enumerate() {
            if index > 0 {
                self.0.push(',');
            }
            self.text(text);
        }
        self.0.push(']');
    }

    fn entity(&mut self, entity: &Entity, plan: usize) {
        self.0.push('[');
        self.text(&entity.name);
        match &entity.spec {
            Some(spec) => {
                self.0.push(',');
                self.text(&spec.entity);
            }
            None => self.0.push_str(",null"),
        }
        let _ = write!(self.0, ",{plan},{}]", u32::from(entity.bandit.is_some()));
    }

    fn plan(&mut self, plan: &Plan) {
        let bits = u32::from(plan.reads_time) | u32::from(plan.reads_seed) << 1 | u32::from(plan.reads_country) << 2;
        let _ = write!(self.0, "[{:?},{bits},{}]", plan.fields, plan.scratch());
    }
}
