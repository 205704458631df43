//! Specs and their rules.

use crate::json::{Kind, Value};
use crate::load::Loader;
use crate::load::object::{Object, missing};

use crate::specs::{Index, Rule, Share, Spec};

impl<'a> Loader<'a> {
    #[inline(never)]
    pub(super) fn spec(&mut self, value: Value<'a>) -> Result<Spec, String> {
        if value.kind() != Kind::Object {
            return Err("it is not an object".to_owned());
        }
        let spec = Object::new(value);
        let entity = self.required_since_v2(&spec, "entity")?;
        let id_type = self.required_since_v2(&spec, "idType")?;
        let salt = self.required_since_v2(&spec, "salt")?;
        if !self.first_version {
            spec.required_text("type")?;
        }
        let enabled = spec.boolean("enabled")?;
        let enabled = if self.first_version {
            enabled.unwrap_or(true)
        } else {
            enabled.ok_or_else(|| missing("enabled"))?
        };
        let default = spec.required("defaultValue")?;
        let rules = spec.array("rules")?.ok_or_else(|| missing("rules"))?;
        let explicit = spec.array("explicitParameters")?;
        if let Some(other) = explicit
            .iter()
            .flat_map(|names| names.elements())
            .find(|name| name.kind() != Kind::String)
        {
            return Err(format!("`explicitParameters` holds {}, not a string", other.text()));
        }
        let mut read = Spec {
            entity: self.text(&entity),
            id_type: self.text(&id_type),
            version: spec.integer("version")?,
            enabled,
            default: self.returned(default),
            rules: Box::default(),
            active: spec.boolean("isActive")?,
            in_layer: spec.boolean("hasSharedParams")?,
            explicit: explicit.map(|names| Index::new(self.explicit(names))),
            merges_rules: spec.boolean("useNewLayerEval")? == Some(true),
        };
        // Statsig's v2 payloads ship disabled specs without rules; in v1 the rules are there and do not count.
        if enabled || !self.first_version {
            let rules = rules.elements().enumerate().map(|(index, rule)| {
                self.rule(rule, &salt)
                    .map_err(|reason| format!("rules[{index}]: {reason}"))
            });
            read.rules = rules.collect::<Result<_, _>>()?;
        }
        Ok(read)
    }

    /// A text that v2 demands and v1 may leave out.
    fn required_since_v2(&self, object: &Object<'a>, name: &str) -> Result<String, String> {
        match object.text(name)? {
            Some(text) => Ok(text.into_owned()),
            None if self.first_version => Ok(if name == "idType" { "userID" } else { "" }.to_owned()),
            None => Err(missing(name)),
        }
    }

    #[inline(never)]
    fn explicit(&mut self, names: Value<'a>) -> u32 {
        let next = self.specs.explicit.len() as u32;
        let number = *self.explicit.entry(names.text()).or_insert(next);
        if number == next {
            self.specs.explicit.push(names.text().into());
        }
        number
    }

    #[inline(never)]
    fn rule(&mut self, value: Value<'a>, salt: &str) -> Result<Rule, String> {
        let rule = Object::new(value);
        if !self.first_version {
            rule.required_text("name")?;
        }
        let id = rule.required_text("id")?;
        let group = rule.text("groupName")?;
        let delegate = rule.text("configDelegate")?;
        let delegate = delegate.filter(|name| !name.is_empty());
        Ok(Rule {
            id: self.text(&id),
            group: group.map(|name| Index::new(self.text(&name))),
            in_group: rule.boolean("isExperimentGroup")?.unwrap_or(false),
            conditions: self.conditions(&rule)?,
            share: self.share(&rule, salt)?,
            returned: self.returned(rule.required("returnValue")?),
            delegate: delegate.map(|name| Index::new(self.entity(1, &name))),
        })
    }

    /// The part of the units that `rule` lets pass, hashed under `salt` and the rule's own salt or id.
    #[inline(never)]
    pub(super) fn share(&mut self, rule: &Object<'a>, salt: &str) -> Result<Share, String> {
        let own = rule.text("salt")?;
        let own = own.map_or_else(|| rule.required_text("id"), Ok)?;
        let id_type = self.required_since_v2(rule, "idType")?;
        let mut share = Share {
            percentage: rule.required_number("passPercentage")?,
            unit: 0,
            prefix: None,
        };
        if share.hashes() {
            share.unit = self.unit(&id_type);
            share.prefix = Some(self.prefix(&format!("{salt}.{own}."), share.unit));
        }
        Ok(share)
    }

    /// The numbers of a rule's conditions: ids of shared ones, or, in v1, the conditions themselves.
    #[inline(never)]
    pub(super) fn conditions(&mut self, rule: &Object<'a>) -> Result<Box<[u32]>, String> {
        let list = rule.array("conditions")?.ok_or_else(|| missing("conditions"))?;
        let mut numbers = Vec::new();
        for (index, condition) in list.elements().enumerate() {
            numbers.push(match condition.as_str() {
                Some(id) => self.shared_condition(&id),
                None if self.first_version => {
                    let condition = self
                        .condition(condition)
                        .map_err(|reason| format!("conditions[{index}]: {reason}"))?;
                    self.push_condition(condition)
                }
                None => return Err(format!("conditions[{index}] is not the id of a condition")),
            });
        }
        Ok(numbers.into_boxed_slice())
    }
}
