//! What is searched for by back-tracking: the program that the crate makes of an expression. What it hands over to the
//! crate's engines is made anew, for automata whose memory is reserved.

use fancy_regex::Assertion;
use fancy_regex::internal::{Insn, Prog};

use super::automaton::Automaton;
use super::state::Reserved;

/// Alternatives that may wait, and slots that may be restored by them, before a program that repeats something asks for
/// memory: 10 kB in a module. Others are known to need less.
const RESERVED: usize = 512;
/// Slots for the atomic groups that such a program is in, beyond one for each that it has.
const RESERVED_SLOTS: usize = 16;

#[derive(Clone)]
pub enum Step {
    End,
    Any,
    AnyButFeed,
    Assertion(Assertion),
    Text(Box<str>),
    Split(usize, usize),
    Jump(usize),
    Save(usize),
    SaveZero(usize),
    Restore(usize),
    Repeat {
        least: usize,
        most: usize,
        next: usize,
        count: usize,
        greedy: bool,
    },
    /// What is repeated may be empty.
    RepeatEmpty {
        least: usize,
        next: usize,
        count: usize,
        check: usize,
        greedy: bool,
    },
    FailNegative,
    GoBack(usize),
    Reference {
        slot: usize,
        ignores_case: bool,
    },
    BeginAtomic,
    EndAtomic,
    /// A position from which an automaton, by number, has a match; then its end.
    Automaton(usize),
    AtBegin {
        gives_up: bool,
    },
    HasGroup(usize),
}

#[derive(Clone)]
pub struct Program {
    pub steps: Box<[Step]>,
    /// By the number that steps have for them.
    pub automata: Box<[Automaton]>,
    pub slots: usize,
    pub reserved: Reserved,
}

impl Program {
    /// `None` where the program has something that this cannot run.
    pub fn of(program: &Prog) -> Option<Program> {
        let mut automata = Vec::new();
        let mut handed_over = |expression: &str, is_reverse| {
            automata.push(Automaton::from_position(expression, is_reverse)?);
            Some(Step::Automaton(automata.len() - 1))
        };
        let steps = program.body.iter().map(|instruction| {
            Some(match *instruction {
                Insn::End => Step::End,
                Insn::Any => Step::Any,
                Insn::AnyNoNL => Step::AnyButFeed,
                Insn::Assertion(assertion) => Step::Assertion(assertion),
                Insn::Lit(ref text) => Step::Text(text.as_str().into()),
                Insn::Split(first, second) => Step::Split(first, second),
                Insn::Jmp(target) => Step::Jump(target),
                Insn::Save(slot) => Step::Save(slot),
                Insn::Save0(slot) => Step::SaveZero(slot),
                Insn::Restore(slot) => Step::Restore(slot),
                Insn::RepeatGr { lo, hi, next, repeat } | Insn::RepeatNg { lo, hi, next, repeat } => Step::Repeat {
                    least: lo,
                    most: hi,
                    next,
                    count: repeat,
                    greedy: matches!(instruction, Insn::RepeatGr { .. }),
                },
                Insn::RepeatEpsilonGr {
                    lo,
                    next,
                    repeat,
                    check,
                }
                | Insn::RepeatEpsilonNg {
                    lo,
                    next,
                    repeat,
                    check,
                } => Step::RepeatEmpty {
                    least: lo,
                    next,
                    count: repeat,
                    check,
                    greedy: matches!(instruction, Insn::RepeatEpsilonGr { .. }),
                },
                Insn::FailNegativeLookAround => Step::FailNegative,
                Insn::GoBack(count) => Step::GoBack(count),
                Insn::Backref {
                    slot,
                    casei: ignores_case,
                } => Step::Reference { slot, ignores_case },
                Insn::BeginAtomic => Step::BeginAtomic,
                Insn::EndAtomic => Step::EndAtomic,
                // Groups in it are none that anything refers to.
                Insn::Delegate(ref delegate) => handed_over(&delegate.pattern, false)?,
                Insn::BackwardsDelegate(ref delegate) => handed_over(&delegate.pattern, true)?,
                Insn::ContinueFromPreviousMatchEnd { at_start } => Step::AtBegin { gives_up: at_start },
                Insn::BackrefExistsCondition(group) => Step::HasGroup(group),
            })
        });
        let steps: Box<[Step]> = steps.collect::<Option<_>>()?;
        let slots = steps.iter().map(Step::slots).max().unwrap_or(0);
        // Each position that a match may begin at is tried when the one before has failed.
        let own = match &*steps {
            [Step::Split(3, 1), Step::Any, Step::Jump(0), ..] => 3,
            _ => 0,
        };
        let repeats = (own..steps.len()).any(|number| steps[number].leads_to().any(|next| next <= number));
        let atomic = steps.iter().filter(|step| matches!(step, Step::BeginAtomic)).count();
        let stack = if atomic > 0 { 1 + atomic + RESERVED_SLOTS } else { 0 };
        Some(Program {
            reserved: Reserved {
                slots: slots + stack,
                waiting: if repeats { RESERVED } else { 2 * steps.len() },
            },
            steps,
            automata: automata.into(),
            slots,
        })
    }
}

impl Step {
    /// Where it leads besides the step behind it.
    fn leads_to(&self) -> impl Iterator<Item = usize> {
        match *self {
            Step::Split(first, second) => [Some(first), Some(second)],
            Step::Jump(target) => [Some(target), None],
            _ => [None, None],
        }
        .into_iter()
        .flatten()
    }

    /// How many slots there must be for it.
    fn slots(&self) -> usize {
        match *self {
            Step::Save(slot) | Step::SaveZero(slot) | Step::Restore(slot) => slot + 1,
            Step::Repeat { count, .. } => count + 1,
            Step::RepeatEmpty { count, check, .. } => count.max(check) + 1,
            Step::Reference { slot, .. } => slot + 2,
            Step::HasGroup(group) => group * 2 + 1,
            _ => 0,
        }
    }
}
