//! Layers that merge the values of several rules (`useNewLayerEval`).

use super::{Call, TooDeep};
use crate::specs::{Index, Spec};

impl<'f> Call<'f> {
    pub(super) fn merged_layer(&mut self, spec: &'f Spec) -> Result<(), TooDeep> {
        let mut count = 0;
        let mut taken = false;
        let mut passed = false;
        let mut rule_id = self.specs.default_rule;
        let (mut delegate, mut group, mut explicit, mut in_group) = (None, None, None, false);
        // The layer's exposures so far. What a delegate that was not taken exposed waits in the current list for the
        // next rule, and is lost after the last.
        let mut kept = [self.outcome.list, self.logged];
        for rule in &spec.rules {
            self.conditions(&rule.conditions)?;
            if self.outcome.unsupported {
                self.outcome.list = self.logged;
                return Ok(());
            }
            kept = self.keep(kept)?;
            if !self.outcome.value || !self.lets_in(&rule.share) {
                continue;
            }
            let delegated = match rule.delegate {
                Some(experiment) => self.delegate(experiment.get())?,
                None => false,
            };
            if delegated {
                let Some(value) = self.outcome.json else {
                    continue;
                };
                if taken || value.is_some_and(|value| self.shares_key(count, value)) {
                    continue;
                }
                count = self.contribute(count, value, rule.id);
                kept = self.keep(kept)?;
                passed = self.outcome.value;
                delegate = self.outcome.delegate;
                group = self.outcome.group;
                explicit = self.outcome.explicit;
                in_group = rule.in_group;
                rule_id = rule.id;
            } else {
                count = self.contribute(count, rule.returned.value, rule.id);
                passed = true;
            }
            taken = true;
        }
        [self.outcome.list, self.logged] = kept;
        count = self.contribute(count, spec.default.value, self.specs.default_rule);
        let outcome = &mut self.outcome;
        outcome.value = passed;
        outcome.delegate = delegate;
        outcome.group = group;
        outcome.rule = rule_id;
        outcome.json = Some(None);
        outcome.in_group = in_group;
        outcome.active = spec.active.unwrap_or(false);
        outcome.explicit = explicit;
        outcome.contributions = Some(count);
        // Statsig's engine reports no exposures as undelegated here, whatever there were.
        outcome.undelegated = Some([self.logged, self.logged]);
        Ok(())
    }

    /// Moves the current list to the end of what is kept.
    fn keep(&mut self, kept: [u32; 2]) -> Result<[u32; 2], TooDeep> {
        self.join(kept)?;
        let kept = [self.outcome.list, self.logged];
        self.outcome.list = self.logged;
        Ok(kept)
    }

    /// Adds a value, if there is one, and returns how many there are then.
    fn contribute(&mut self, count: u32, value: Option<Index>, rule: u32) -> u32 {
        let Some(value) = value else {
            return count;
        };
        let at = 2 * count as usize;
        self.contributions[at..at + 2].copy_from_slice(&[value.get(), rule]);
        count + 1
    }

    /// Whether `value` has a key that one of the first `count` contributions has.
    fn shares_key(&self, count: u32, value: Index) -> bool {
        let keys = &self.specs.value_keys;
        let wanted = &keys[value.get() as usize];
        let set = self.contributions[..2 * count as usize].chunks_exact(2);
        set.map(|pair| &keys[pair[0] as usize])
            .any(|earlier| wanted.iter().any(|key| earlier.binary_search(key).is_ok()))
    }
}
