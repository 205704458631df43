//! Where another definition answers: experiment mappings, and the group of an experiment as a condition's value.

use super::{Call, DEEPEST_DETOUR, Outcome, TooDeep};
use crate::specs::{Entity, Index, Kind};

impl<'f> Call<'f> {
    /// Whether another config answers for this one. The outcome starts afresh with every attempt.
    // What it needs of the stack, the levels that have no mappings do not.
    #[inline(never)]
    pub(super) fn mapped(&mut self, kind: Kind, entity: &'f Entity) -> Result<bool, TooDeep> {
        if self.mappings == DEEPEST_DETOUR {
            return Err(TooDeep);
        }
        self.mappings += 1;
        let mut answered = false;
        'mappings: for mapping in &entity.mappings {
            for rule in &mapping.rules {
                if rule.start > 0.0 && rule.start > self.now {
                    continue;
                }
                let applies =
                    self.conditions(&rule.conditions).is_ok() && self.outcome.value && !self.outcome.unsupported;
                self.start_afresh();
                if !applies || !self.lets_in(&rule.share) {
                    continue;
                }
                self.outcome.mapped = Some(mapping.config_name);
                if let Ok(true) = self.level(kind, mapping.config) {
                    answered = true;
                    break 'mappings;
                }
                self.start_afresh();
                break;
            }
        }
        self.mappings -= 1;
        if self.spent { Err(TooDeep) } else { Ok(answered) }
    }

    /// Forgets what was decided and exposed; gates that were evaluated stay remembered.
    pub(super) fn start_afresh(&mut self) {
        self.outcome = Outcome {
            list: self.logged,
            ..Outcome::default()
        };
    }

    /// The group of an experiment, as if it had been asked for by itself.
    // It keeps two outcomes on the stack: within `conditions` each of 900 levels would.
    #[inline(never)]
    pub(super) fn group_of(&mut self, experiment: u32) -> Result<Option<u32>, TooDeep> {
        if self.groups[..self.open_groups].contains(&experiment) {
            return Ok(None);
        }
        let Some(place) = self.groups.get_mut(self.open_groups) else {
            self.spent = true;
            return Err(TooDeep);
        };
        *place = experiment;
        self.open_groups += 1;
        self.questions += 1;
        let list = self.logged;
        let fresh = Outcome {
            list,
            ..Outcome::default()
        };
        let outer = std::mem::replace(&mut self.outcome, fresh);
        let question = std::mem::replace(&mut self.question, self.questions);
        let depth = std::mem::take(&mut self.depth);
        let ended = self.level(Kind::Experiment, experiment);
        self.depth = depth;
        let answered = std::mem::replace(&mut self.question, question);
        self.memo.forget_question(answered);
        let inner = std::mem::replace(&mut self.outcome, outer);
        self.logged = list;
        self.open_groups -= 1;
        if self.spent {
            return Err(TooDeep);
        }
        Ok(if let Ok(true) = ended {
            inner.group.map(Index::get)
        } else {
            None
        })
    }
}
