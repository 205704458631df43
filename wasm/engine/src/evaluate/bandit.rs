//! Contextual bandits. What Statsig's engine draws at random is drawn from the seed in the frame.

use super::{Call, hash_of_unit};
use crate::frame::Dynamic;
use crate::reading;
use crate::specs::{Bandit, BanditGroup, Index, Kind, Weights};

impl<'f> Call<'f> {
    pub(super) fn bandit(&mut self, bandit: &'f Bandit) {
        let started = bandit.enabled && !bandit.groups.is_empty();
        let targeted = started && self.is_targeted(bandit);
        let outcome = &mut self.outcome;
        outcome.id_type = Some(bandit.id_type);
        outcome.version = Some(bandit.version);
        outcome.active = bandit.enabled;
        outcome.in_group = false;
        outcome.group = None;
        if !targeted {
            outcome.value = false;
            outcome.rule = if started {
                self.specs.not_targeted_rule
            } else {
                self.specs.not_started_rule
            };
            outcome.json = Some(bandit.default);
        } else {
            let (group, explores) = self.choose(bandit);
            let outcome = &mut self.outcome;
            outcome.value = true;
            outcome.rule = if explores { group.explore_rule } else { group.rule };
            outcome.group = Some(Index::new(group.name));
            outcome.json = Some(group.value);
        }
        self.settle();
    }

    fn is_targeted(&mut self, bandit: &Bandit) -> bool {
        let Some(gate) = bandit.targeting else {
            return true;
        };
        let ended = self.nested(Kind::Gate, gate);
        let passes = ended.is_ok() && self.outcome.value;
        let rule = if let Ok(true) = ended { self.outcome.rule } else { 0 };
        self.expose(gate, passes, rule).is_ok() && passes
    }

    /// The group, and whether it was picked to learn about it.
    fn choose(&mut self, bandit: &'f Bandit) -> (&'f BanditGroup, bool) {
        let groups = &bandit.groups;
        let bucket = (hash_of_unit(self.input, bandit.unit, &bandit.prefix, self.temporary) % 10_000) as f64;
        if !bandit.weighted {
            let size = 10_000.0 / groups.len() as f64;
            return (&groups[(bucket / size) as usize], true);
        }
        let mut random = Random(u64::from(self.seed));
        if bucket < bandit.sample_rate * 10_000.0
            && let Some(group) = least_known(groups, random.next())
        {
            return (group, true);
        }
        let mut best: Option<(f64, &BanditGroup)> = None;
        let mut scored = false;
        for group in groups {
            let Some(score) = group.weights.as_ref().and_then(|weights| self.score(weights)) else {
                continue;
            };
            scored = true;
            let limit = if bandit.higher_is_better {
                f64::NEG_INFINITY
            } else {
                f64::INFINITY
            };
            let so_far = best.map_or(limit, |(score, _)| score);
            if if bandit.higher_is_better {
                score > so_far
            } else {
                score < so_far
            } {
                best = Some((score, group));
            }
        }
        let group = match best {
            Some((_, group)) => group,
            None if scored => &groups[0],
            None => &groups[(random.next() * groups.len() as f64) as usize],
        };
        (group, false)
    }

    fn score(&mut self, weights: &Weights) -> Option<f64> {
        if weights.categorical.is_empty() && weights.numerical.is_empty() {
            return None;
        }
        let mut score = weights.base[1] + weights.base[0];
        for (field, texts) in &weights.categorical {
            let text: &[u8] = match self.input.slot(*field) {
                Dynamic::Absent => continue,
                Dynamic::Null => b"null",
                Dynamic::Object(members) => reading::object_text(members, self.temporary),
                value => reading::text(value, self.temporary).unwrap_or_default(),
            };
            score += texts
                .iter()
                .find(|(candidate, _)| **candidate == *text)
                .map_or(0.0, |(_, weight)| *weight);
        }
        for (field, weight) in &weights.numerical {
            score += reading::float(self.input.slot(*field)).map_or(0.0, |value| value * weight);
        }
        Some(score)
    }
}

/// A group by weight 1 / (records + 1); none when rounding leaves a gap at the end.
fn least_known(groups: &[BanditGroup], random: f64) -> Option<&BanditGroup> {
    let share = |group: &BanditGroup| 1.0 / group.weights.as_ref().map_or(1.0, |weights| weights.records + 1.0);
    let total: f64 = groups.iter().map(share).sum();
    let mut sum = 0.0;
    groups.iter().find(|group| {
        sum += share(group) / total;
        random < sum
    })
}

/// Numbers in [0, 1) from a seed: SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}
