//! Conditions: where a value comes from, and what it is compared with.

use crate::json::{Kind, Value};
use crate::load::object::{Object, missing, shortened};
use crate::load::{Loader, unit};
use crate::plan::unknown_operator;

use crate::specs::{Condition, Field, Source};
use crate::target::Test;
use crate::user_agent::UserAgentField;

/// What the names of the host's own operators start with.
const CUSTOM: &str = "custom:";

/// The field that an operator of the host's is asked about; none for conditions that such an operator cannot have.
fn base_of_custom(kind: &str, field: Option<&str>, id_type: &str) -> Option<Field> {
    match kind {
        "user_field" => Some(Field::User(field?.into())),
        "environment_field" => Some(Field::Environment(field?.into())),
        "unit_id" => Some(unit(id_type)),
        _ => None,
    }
}

impl<'a> Loader<'a> {
    #[inline(never)]
    pub(super) fn shared_conditions(&mut self, top: &Object<'a>) -> Result<(), String> {
        let Some(map) = top.get("condition_map")? else {
            return Ok(());
        };
        for (id, value) in map.distinct_members() {
            let condition = self
                .condition(value)
                .map_err(|reason| format!("condition_map[{id:?}]: {reason}"))?;
            let number = self.push_condition(condition);
            self.shared.insert(id.into_owned(), number);
        }
        Ok(())
    }

    /// The number of a shared condition; an id that the payload does not define is unsupported where it is used.
    pub(super) fn shared_condition(&mut self, id: &str) -> u32 {
        if let Some(number) = self.shared.get(id) {
            return *number;
        }
        let reason = format!("condition {id} is not in the payload");
        let number = self.push_condition(Condition::Missing(reason.into()));
        self.shared.insert(id.to_owned(), number);
        number
    }

    pub(super) fn push_condition(&mut self, condition: Condition) -> u32 {
        self.specs.conditions.push(condition);
        self.specs.conditions.len() as u32 - 1
    }

    #[inline(never)]
    pub(super) fn condition(&mut self, value: Value<'a>) -> Result<Condition, String> {
        let condition = Object::new(value);
        let kind = condition.required_text("type")?;
        let operator = condition.text("operator")?;
        let target = condition.get("targetValue")?;
        let field = condition.text("field")?;
        let id_type = match condition.text("idType")? {
            Some(id_type) => id_type,
            None if self.first_version => "userID".into(),
            None => return Err(missing("idType")),
        };
        let salt = self.salt_of_bucket(&condition)?;
        if let Some(custom) = operator.as_deref().and_then(|operator| operator.strip_prefix(CUSTOM))
            && let Some(base) = base_of_custom(&kind, field.as_deref(), &id_type)
            && !custom.is_empty()
        {
            let field = self.field(Field::Custom {
                operator: custom.into(),
                base: Box::new(base),
                target: target.map_or("null", Value::text).into(),
            });
            let operator = custom.into();
            return Ok(Condition::Custom { operator, field });
        }
        let source = match &*kind {
            "public" => return Ok(Condition::Public),
            "pass_gate" | "fail_gate" => {
                let name = target.and_then(Value::as_str).unwrap_or_default();
                return Ok(Condition::Gate {
                    gate: self.entity(0, &name),
                    negate: kind == "fail_gate",
                });
            }
            _ => self.source(&kind, field.as_deref(), &id_type, &salt),
        };
        let Some(source) = source else {
            return Ok(Condition::Unsupported(
                format!("unknown condition type {kind:?}").into(),
            ));
        };
        let Some(operator) = operator else {
            return Ok(Condition::Unsupported("a condition without an operator".into()));
        };
        Ok(match Test::prepare(&operator, target, &mut self.specs.lists) {
            Some(test) => Condition::Value(source, test),
            None => Condition::Unsupported(unknown_operator(&operator)),
        })
    }

    /// Where the value of a condition of type `kind` comes from; none for a type that there is not.
    #[inline(never)]
    fn source(&mut self, kind: &str, field: Option<&str>, id_type: &str, salt: &str) -> Option<Source> {
        let user = |loader: &mut Self| match field {
            Some(name) => Source::Field(loader.field(Field::User(name.into()))),
            None => Source::Nothing,
        };
        Some(match kind {
            "user_field" => user(self),
            "ip_based" if field == Some("country") => Source::Country {
                field: self.field(Field::User("country".into())),
                by_ip: self.field(Field::Country),
            },
            "ip_based" => user(self),
            "ua_based" => match field.and_then(UserAgentField::from_name) {
                Some(part) => Source::UserAgent {
                    field: self.field(Field::User(field.unwrap_or_default().into())),
                    agent: self.field(Field::User("userAgent".into())),
                    part,
                },
                None => user(self),
            },
            "environment_field" => match field {
                Some(name) => Source::Field(self.field(Field::Environment(name.into()))),
                None => Source::Nothing,
            },
            "current_time" => Source::Time,
            "user_bucket" => {
                let unit = self.unit(id_type);
                let prefix = self.prefix(&format!("{salt}."), unit);
                Source::Bucket { unit, prefix }
            }
            "unit_id" => Source::Field(self.unit(id_type)),
            "target_app" => Source::App,
            "experiment_group" => match field {
                Some(name) => Source::Group(self.entity(1, name)),
                None => Source::Nothing,
            },
            _ => return None,
        })
    }

    /// `additionalValues.salt`. In v2 all additional values must be strings; in v1 other scalars count as their text.
    #[inline(never)]
    fn salt_of_bucket(&self, condition: &Object<'a>) -> Result<String, String> {
        let mut salt = String::new();
        let Some(values) = condition.get("additionalValues")? else {
            return Ok(salt);
        };
        for (name, value) in values.members() {
            let text = match value.as_str() {
                Some(text) => text.into_owned(),
                None if self.first_version && value.kind() == Kind::Null => continue,
                None if self.first_version => value.text().to_owned(),
                None => return Err(format!("additionalValues.{name} is {}, not a string", shortened(value))),
            };
            if name == "salt" {
                salt = text;
            }
        }
        Ok(salt)
    }
}
