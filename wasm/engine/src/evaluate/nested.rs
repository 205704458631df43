//! Nested gates and the log of exposures. The log only grows; a list of exposures is a stretch of it, and a stretch that
//! applies again, or that has to stand before another, is named by an entry instead of being copied.

use super::{Call, TooDeep};
use crate::frame::logged;
use crate::memo::{Decided, Known};
use crate::specs::Kind;

impl Call<'_> {
    /// A gate is evaluated once in a call; met again, its outcome and exposures apply again.
    pub(super) fn nested_gate(&mut self, gate: u32, negate: bool) -> Result<(), TooDeep> {
        let decided = match self.memo.get(gate) {
            Known::Open => return Err(TooDeep),
            Known::Done(decided) => {
                if decided.log[0] < decided.log[1] {
                    self.log([decided.log[0], logged::REPEAT, decided.log[1]])?;
                }
                self.outcome.value = decided.value;
                if decided.recognized {
                    self.outcome.rule = decided.rule;
                }
                decided
            }
            Known::Nothing => {
                self.memo.open(gate);
                let start = self.logged;
                let outer = std::mem::replace(&mut self.outcome.list, start);
                let ended = self.nested(Kind::Gate, gate);
                self.memo.forget(gate);
                let recognized = ended?;
                if self.outcome.unsupported {
                    // The result's list is then this gate's own.
                    return Ok(());
                }
                let decided = Decided {
                    value: self.outcome.value,
                    recognized,
                    rule: self.outcome.rule,
                    log: [self.outcome.list, self.logged],
                    question: self.question,
                };
                self.memo.done(gate, decided);
                self.join([outer, start])?;
                decided
            }
        };
        if decided.recognized && decided.rule != 0 {
            self.expose(gate, decided.value, decided.rule)?;
        }
        self.outcome.value = decided.value != negate;
        Ok(())
    }

    /// Logs a gate, unless it is a segment.
    pub(super) fn expose(&mut self, gate: u32, value: bool, rule: u32) -> Result<(), TooDeep> {
        if self.specs.entities[Kind::Gate.namespace()][gate as usize].exposed {
            self.log([gate, u32::from(value), rule])?;
        }
        Ok(())
    }

    pub(super) fn log(&mut self, entry: [u32; logged::SIZE]) -> Result<(), TooDeep> {
        let at = self.logged as usize * logged::SIZE;
        let Some(place) = self.log.get_mut(at..at + logged::SIZE) else {
            self.spent = true;
            return Err(TooDeep);
        };
        place.copy_from_slice(&entry);
        self.logged += 1;
        Ok(())
    }

    /// Puts an earlier stretch of the log before the current list.
    pub(super) fn join(&mut self, [start, end]: [u32; 2]) -> Result<(), TooDeep> {
        let list = [self.outcome.list, self.logged];
        if list[0] == end {
            self.outcome.list = start;
            return Ok(());
        }
        self.outcome.list = self.logged;
        for stretch in [[start, end], list] {
            if stretch[0] < stretch[1] {
                self.log([stretch[0], logged::REPEAT, stretch[1]])?;
            }
        }
        Ok(())
    }
}
