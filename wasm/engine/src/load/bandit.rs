//! Contextual bandits.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::json::{Kind, Value};
use crate::load::Loader;
use crate::load::object::{Object, missing};
use crate::sha256::Prefix;
use crate::specs::{Bandit, BanditGroup, Field, Weights};

/// Weights by the id of their group.
type WeightsOf<'a> = HashMap<Cow<'a, str>, Value<'a>>;

impl<'a> Loader<'a> {
    #[inline(never)]
    pub(super) fn bandit(&mut self, value: Value<'a>) -> Result<Bandit, String> {
        let bandit = Object::new(value);
        let salt = bandit.required_text("salt")?;
        let id_type = bandit.required_text("idType")?;
        let targeting = bandit.text("targetingGateName")?;
        let config = bandit.get("config")?;
        let groups = bandit.array("groups")?.ok_or_else(|| missing("groups"))?;
        let default = self.returned(bandit.required("defaultValue")?).value;
        let weights: HashMap<_, _> = config.iter().flat_map(|config| config.members()).collect();
        let mut read = Vec::new();
        for (index, group) in groups.elements().enumerate() {
            let group = self
                .bandit_group(group, &weights)
                .map_err(|reason| format!("groups[{index}]: {reason}"))?;
            read.push(group);
        }
        Ok(Bandit {
            id_type: self.text(&id_type),
            version: bandit.integer("version")?.ok_or_else(|| missing("version"))?,
            enabled: bandit.boolean("enabled")?.ok_or_else(|| missing("enabled"))?,
            default,
            sample_rate: bandit.required_number("sampleRate")?,
            higher_is_better: bandit
                .boolean("higherIsBetter")?
                .ok_or_else(|| missing("higherIsBetter"))?,
            groups: read,
            weighted: config.is_some(),
            targeting: targeting.map(|name| self.entity(0, &name)),
            unit: self.unit(&id_type),
            prefix: Box::new(Prefix::new(format!("{salt}.").as_bytes())),
        })
    }

    #[inline(never)]
    fn bandit_group(&mut self, value: Value<'a>, weights: &WeightsOf<'a>) -> Result<BanditGroup, String> {
        let group = Object::new(value);
        let id = group.required_text("id")?;
        let name = group.required_text("name")?;
        let weights = weights
            .get(&id)
            .copied()
            .filter(|weights| weights.kind() == Kind::Object);
        Ok(BanditGroup {
            name: self.text(&name),
            rule: self.text(&id),
            explore_rule: self.text(&format!("{id}:explore")),
            value: self.returned(group.required("parameterValues")?).value,
            weights: weights.map(|weights| self.weights(weights)).transpose()?,
        })
    }

    #[inline(never)]
    fn weights(&mut self, value: Value<'a>) -> Result<Weights, String> {
        let weights = Object::new(value);
        let mut categorical = Vec::new();
        for (field, texts) in weights
            .get("weightsCategorical")?
            .iter()
            .flat_map(|map| map.distinct_members())
        {
            let texts = texts.distinct_members().into_iter();
            let texts = texts.filter_map(|(text, weight)| Some((text.as_bytes().into(), weight.as_f64()?)));
            categorical.push((self.field(Field::User((*field).into())), texts.collect()));
        }
        let mut numerical = Vec::new();
        for (field, weight) in weights
            .get("weightsNumerical")?
            .iter()
            .flat_map(|map| map.distinct_members())
        {
            let weight = weight
                .as_f64()
                .ok_or_else(|| format!("the weight of {field:?} is not a number"))?;
            numerical.push((self.field(Field::User((*field).into())), weight));
        }
        Ok(Weights {
            base: [weights.required_number("alpha")?, weights.required_number("intercept")?],
            records: weights.required_number("records")?,
            categorical,
            numerical,
        })
    }
}
