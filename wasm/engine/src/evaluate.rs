//! One evaluation: the walk over a spec's rules, nested gates, delegates and
//! mappings. All that a walk decides lives in one [`Outcome`] that outer and nested evaluations share, because
//! Statsig's engine has it so and what a nested gate leaves behind is sometimes visible.

mod bandit;
mod detour;
mod hashes;
mod layer;
mod nested;

use crate::frame::{Dynamic, Head, Input, NONE, flags};
use crate::memo::Memo;
use crate::reading;
use crate::specs::{Condition, Index, Kind, Returned, Share, Source, Spec, Specs};
use crate::target::Test;
use crate::user_agent::{self, MAX_AGENT_BYTES, TEXT_BYTES, UserAgent, UserAgentField};

pub use hashes::Learned;
use hashes::{Buckets, hash_of_unit};

/// How deep gates and delegates may nest below what was asked.
const DEEPEST: u32 = 300;
/// How many levels of all kinds a call may go down; its part of the stack is 160 bytes a level on wasm, 1.8 kB native.
const DEEPEST_IN_ALL: u32 = 900;
/// How many mappings, and how many experiments asked for their group, may be entered inside each other. Statsig's
/// engine has no such limit and overflows its stack on a cycle.
const DEEPEST_DETOUR: u32 = 32;
/// How many specs one call may evaluate. Remembered gates keep every sane payload far below it.
const MOST_WALKS: u32 = 100_000;

/// Temporary bytes that any call may take, whatever its values' sizes.
pub const TEMPORARY: usize = 1024;

/// The evaluation went too deep or round in a circle.
#[derive(Debug)]
struct TooDeep;

/// A call's memory, as the ABI cut it.
pub struct Frame<'f> {
    pub head: &'f mut Head,
    pub input: Input<'f>,
    /// Memo, contributions and log.
    pub words: &'f mut [u32],
    /// Offset of `words` in the frame.
    pub words_offset: usize,
    pub temporary: &'f mut [u8],
}

/// What a walk has decided so far.
#[derive(Clone, Copy, Default)]
struct Outcome {
    value: bool,
    unsupported: bool,
    active: bool,
    in_layer: bool,
    in_group: bool,
    country_not_loaded: bool,
    operator_failed: bool,
    /// What was returned last: nothing yet, no object, or a value's number.
    json: Option<Option<Index>>,
    rule: u32,
    group: Option<Index>,
    id_type: Option<u32>,
    version: Option<u32>,
    explicit: Option<Index>,
    delegate: Option<u32>,
    mapped: Option<u32>,
    /// Number of contributions to a merged layer value.
    contributions: Option<u32>,
    /// Where the current list of exposures starts in the log.
    list: u32,
    undelegated: Option<[u32; 2]>,
}

/// One call under way.
struct Call<'f> {
    specs: &'f Specs,
    input: Input<'f>,
    now: f64,
    seed: u32,
    memo: Memo<'f>,
    contributions: &'f mut [u32],
    log: &'f mut [u32],
    logged: u32,
    temporary: &'f mut [u8],
    outcome: Outcome,
    depth: u32,
    /// Levels of all kinds below what was asked.
    levels: u32,
    mappings: u32,
    /// The experiments whose groups are being asked for, inside each other.
    groups: [u32; DEEPEST_DETOUR as usize],
    open_groups: usize,
    walks: u32,
    /// Whether a limit of the call as a whole was met: then it ends, whatever would go on without the part that failed.
    spent: bool,
    /// The question being answered: experiments asked for their group are questions of their own.
    question: u32,
    questions: u32,
    /// The user agent that was parsed last, by its field: a rule that asks for its name often asks for its version too.
    agent: Option<(u32, Option<UserAgent<'f>>)>,
    buckets: Buckets<'f>,
    /// Whether the frame has hashes of this user, and those that it is to have.
    keeps: bool,
    learned: Learned,
}

/// Evaluates what the frame's head asks for and writes the outcome there. What it returns has to be written to the frame
/// by who has it whole.
pub fn evaluate<'f>(specs: &'f Specs, frame: Frame<'f>) -> Learned {
    let head = frame.head;
    let kind = [Kind::Gate, Kind::Config, Kind::Experiment, Kind::Layer][head.kind as usize];
    let plan = &specs.plans[specs.entities[kind.namespace()][head.entity as usize].plan as usize];
    let [memo, contributions, log] = plan.words();
    let (memo, rest) = frame.words.split_at_mut(memo);
    let (contributions, rest) = rest.split_at_mut(contributions);
    let offsets = Offsets {
        contributions: frame.words_offset + memo.len() * 4,
        log: frame.words_offset + (memo.len() + contributions.len()) * 4,
    };
    let mut call = Call {
        specs,
        input: frame.input,
        now: head.now,
        seed: head.seed,
        memo: Memo::new(memo),
        contributions,
        log: &mut rest[..log],
        logged: 0,
        temporary: frame.temporary,
        outcome: Outcome::default(),
        depth: 0,
        levels: 0,
        mappings: 0,
        groups: [0; DEEPEST_DETOUR as usize],
        open_groups: 0,
        walks: 0,
        spent: false,
        question: 0,
        questions: 0,
        agent: None,
        buckets: Buckets::default(),
        keeps: head.keeps != 0,
        learned: Learned::default(),
    };
    if kind == Kind::Gate {
        call.memo.open(head.entity);
    }
    let ended = call.entity(kind, head.entity);
    let (outcome, logged, learned) = (call.outcome, call.logged, call.learned);
    write(head, ended, &outcome, logged, &offsets);
    if learned.count > 0 {
        head.flags |= flags::LEARNED;
    }
    learned
}

/// Where the lists of a call stand in its frame.
struct Offsets {
    contributions: usize,
    log: usize,
}

fn write(head: &mut Head, ended: Result<bool, TooDeep>, outcome: &Outcome, logged: u32, offsets: &Offsets) {
    let recognized = match ended {
        Ok(recognized) => recognized,
        Err(TooDeep) => {
            clear(head, flags::RECOGNIZED | flags::TOO_DEEP);
            return;
        }
    };
    if !recognized {
        clear(head, 0);
        return;
    }
    let bits = [
        (outcome.value, flags::VALUE),
        (outcome.unsupported, flags::UNSUPPORTED),
        (outcome.active, flags::ACTIVE),
        (outcome.in_layer, flags::IN_LAYER),
        (outcome.in_group, flags::IN_GROUP),
        (outcome.country_not_loaded, flags::COUNTRY_NOT_LOADED),
        (outcome.operator_failed, flags::OPERATOR_FAILED),
    ];
    head.flags = bits
        .iter()
        .filter(|(set, _)| *set)
        .fold(flags::RECOGNIZED, |flags, (_, bit)| flags | bit);
    head.rule = outcome.rule;
    head.value = outcome.json.flatten().map_or(NONE, Index::get);
    head.group = outcome.group.map_or(NONE, Index::get);
    head.id_type = outcome.id_type.unwrap_or(0);
    head.version = outcome.version.unwrap_or(NONE);
    head.delegate = outcome.delegate.unwrap_or(NONE);
    head.explicit = outcome.explicit.map_or(NONE, Index::get);
    head.mapped = outcome.mapped.unwrap_or(NONE);
    let stretch = |[start, end]: [u32; 2]| [start, end - start];
    head.log = offsets.log as u32;
    head.exposures = stretch([outcome.list, logged]);
    head.undelegated = outcome.undelegated.map_or([NONE, 0], stretch);
    head.contributions = match outcome.contributions {
        Some(count) => [offsets.contributions as u32, count],
        None => [NONE, 0],
    };
}

/// The outcome of a name that nobody defines, or of an evaluation that failed.
fn clear(head: &mut Head, flags: u32) {
    head.flags = flags;
    (head.rule, head.id_type) = (0, 0);
    (
        head.value,
        head.group,
        head.version,
        head.delegate,
        head.explicit,
        head.mapped,
    ) = (NONE, NONE, NONE, NONE, NONE, NONE);
    (head.exposures, head.undelegated, head.contributions) = ([0, 0], [NONE, 0], [NONE, 0]);
}

impl<'f> Call<'f> {
    /// Evaluates an entity into the outcome; `false` when it has no definition.
    fn entity(&mut self, kind: Kind, number: u32) -> Result<bool, TooDeep> {
        self.walks += 1;
        self.spent |= self.walks > MOST_WALKS || self.levels > DEEPEST_IN_ALL;
        if self.spent {
            return Err(TooDeep);
        }
        let specs = self.specs;
        let entity = &specs.entities[kind.namespace()][number as usize];
        if !entity.mappings.is_empty() && self.mapped(kind, entity)? {
            return Ok(true);
        }
        if let (Kind::Experiment, Some(bandit)) = (kind, &entity.bandit) {
            self.bandit(bandit);
            return if self.spent { Err(TooDeep) } else { Ok(true) };
        }
        let Some(spec) = &entity.spec else {
            return Ok(false);
        };
        let outcome = &mut self.outcome;
        outcome.id_type = outcome.id_type.or(Some(spec.id_type));
        outcome.version = outcome.version.or(spec.version);
        outcome.active = spec.active.unwrap_or(outcome.active);
        outcome.in_layer = spec.in_layer.unwrap_or(outcome.in_layer);
        outcome.explicit = spec.explicit.or(outcome.explicit);
        if spec.merges_rules && kind == Kind::Layer {
            self.merged_layer(spec)?;
        } else {
            self.rules(spec)?;
        }
        Ok(true)
    }

    /// The first rule whose conditions all pass decides, even when its percentage then does not let the unit in.
    fn rules(&mut self, spec: &'f Spec) -> Result<(), TooDeep> {
        for rule in &spec.rules {
            self.conditions(&rule.conditions)?;
            if self.outcome.unsupported {
                return Ok(());
            }
            if !self.outcome.value {
                continue;
            }
            if let Some(experiment) = rule.delegate
                && self.delegate(experiment.get())?
            {
                self.settle();
                return Ok(());
            }
            if self.lets_in(&rule.share) {
                self.returns(rule.returned, rule.returned.boolean != Some(false));
            } else {
                self.returns(spec.default, spec.default.boolean == Some(true));
            }
            self.outcome.rule = rule.id;
            self.outcome.group = rule.group;
            self.outcome.in_group = rule.in_group;
            self.outcome.active = spec.active.unwrap_or(false);
            self.settle();
            return Ok(());
        }
        self.returns(spec.default, spec.default.boolean == Some(true));
        self.outcome.rule = if spec.enabled {
            self.specs.default_rule
        } else {
            self.specs.disabled_rule
        };
        // Statsig's engine leaves a nested gate's group name here.
        self.outcome.group = None;
        if self.depth == 0 {
            self.outcome.in_layer = spec.in_layer.unwrap_or(false);
            self.outcome.explicit = spec.explicit;
        }
        self.settle();
        Ok(())
    }

    fn returns(&mut self, returned: Returned, value: bool) {
        self.outcome.value = value;
        self.outcome.json = Some(returned.value);
    }

    /// What was asked for is decided: its exposures are also those before any delegate, unless there was one.
    fn settle(&mut self) {
        let list = [self.outcome.list, self.logged];
        if self.depth == 0 && self.outcome.undelegated.is_none() && list[0] < list[1] {
            self.outcome.undelegated = Some(list);
        }
    }

    /// Goes one level down.
    fn nested(&mut self, kind: Kind, number: u32) -> Result<bool, TooDeep> {
        self.outcome.value = false;
        self.outcome.json = None;
        if self.depth == DEEPEST {
            return Err(TooDeep);
        }
        self.depth += 1;
        let ended = self.level(kind, number);
        self.depth -= 1;
        ended
    }

    /// Evaluates an entity on a level of its own.
    fn level(&mut self, kind: Kind, number: u32) -> Result<bool, TooDeep> {
        self.levels += 1;
        let ended = self.entity(kind, number);
        self.levels -= 1;
        ended
    }

    /// Lets an experiment decide; `false` when it has no definition, so that the rule is an ordinary one.
    fn delegate(&mut self, experiment: u32) -> Result<bool, TooDeep> {
        let Some(spec) = &self.specs.entities[Kind::Experiment.namespace()][experiment as usize].spec else {
            return Ok(false);
        };
        self.outcome.undelegated = Some([self.outcome.list, self.logged]);
        self.nested(Kind::Experiment, experiment)?;
        self.outcome.explicit = spec.explicit;
        self.outcome.delegate = Some(experiment);
        Ok(true)
    }

    /// Evaluates a rule's conditions. Those after one that failed or is unsupported count too, where they leave more behind
    /// than whether they pass: nested gates are exposed.
    fn conditions(&mut self, conditions: &[u32]) -> Result<(), TooDeep> {
        let mut all = true;
        let mut skipped = None;
        for number in conditions {
            let condition = &self.specs.conditions[*number as usize];
            if let Condition::Missing(_) = condition {
                // The value of the condition before it stays.
                if let Some(condition) = skipped {
                    self.condition(condition)?;
                }
                self.outcome.unsupported = true;
                return Ok(());
            }
            if !all && condition.only_passes() {
                skipped = Some(condition);
                continue;
            }
            skipped = None;
            self.condition(condition)?;
            all &= self.outcome.value;
        }
        self.outcome.value = all;
        Ok(())
    }

    fn condition(&mut self, condition: &'f Condition) -> Result<(), TooDeep> {
        match condition {
            Condition::Public => self.outcome.value = true,
            Condition::Gate { gate, negate } => self.nested_gate(*gate, *negate)?,
            Condition::Value(source, test) => {
                let specs = self.specs;
                let value = match source {
                    Source::Field(field) => self.input.slot(*field),
                    Source::Bucket { unit, prefix } => {
                        let hash = self.kept_hash(prefix, |call| {
                            let (input, temporary) = (call.input, &mut *call.temporary);
                            let hash = || hash_of_unit(input, *unit, prefix, temporary);
                            call.buckets.hash(prefix, *unit, hash)
                        });
                        Dynamic::Number((hash % 1000) as f64)
                    }
                    Source::Time => Dynamic::Time(self.now as i64),
                    Source::App => specs.app.as_ref().map_or(Dynamic::Absent, |app| app.value()),
                    Source::Nothing => Dynamic::Absent,
                    Source::Country { field, by_ip } => match self.input.slot(*field) {
                        Dynamic::Absent => match self.input.slot(*by_ip) {
                            // The host has no table.
                            Dynamic::Null => {
                                self.outcome.country_not_loaded = true;
                                Dynamic::Absent
                            }
                            country => country,
                        },
                        value => value,
                    },
                    Source::UserAgent { field, agent, part } => {
                        self.outcome.value = self.agent_passes(*field, *agent, *part, test);
                        return Ok(());
                    }
                    Source::Group(experiment) => match self.group_of(*experiment)? {
                        Some(group) => Dynamic::Text(specs.texts.get(group).as_bytes()),
                        None => Dynamic::Absent,
                    },
                };
                self.outcome.value = test.passes(value, &specs.lists, self.temporary);
            }
            Condition::Custom { field, .. } => match self.input.slot(*field) {
                // The host has no such operator.
                Dynamic::Absent => self.outcome.unsupported = true,
                Dynamic::Bool(answer) => self.outcome.value = answer,
                _ => {
                    self.outcome.value = false;
                    self.outcome.operator_failed = true;
                }
            },
            Condition::Unsupported(_) | Condition::Missing(_) => self.outcome.unsupported = true,
        }
        Ok(())
    }

    /// Compares a part of the user agent, unless the user has a field of that name. An agent is the text of any value;
    /// texts that are too long to be one have no parts.
    // What it needs of the stack, each of 900 levels would within `condition`: 304 bytes a level instead of 96.
    #[inline(never)]
    fn agent_passes(&mut self, field: u32, agent: u32, part: UserAgentField, test: &Test) -> bool {
        let (room, rest) = self.temporary.split_at_mut(TEXT_BYTES);
        let (agent_room, temporary) = rest.split_at_mut(MAX_AGENT_BYTES);
        let lists = &self.specs.lists;
        let parsed = match (self.input.slot(field), self.input.slot(agent)) {
            (Dynamic::Absent, Dynamic::Text(text)) => match self.agent {
                Some((known, parsed)) if known == agent => parsed,
                _ => {
                    let parsed = user_agent::parse(reading::utf8(text));
                    self.agent = Some((agent, parsed));
                    parsed
                }
            },
            (Dynamic::Absent, other) => {
                let text = reading::text_within(other, agent_room);
                text.and_then(|text| user_agent::parse(reading::utf8(text)))
            }
            (value, _) => return test.passes(value, lists, temporary),
        };
        let value = match (parsed, room.try_into()) {
            (Some(parsed), Ok(room)) => Dynamic::Text(parsed.text(part, room).as_bytes()),
            _ => Dynamic::Absent,
        };
        test.passes(value, lists, temporary)
    }

    /// Whether the unit falls into the share.
    fn lets_in(&mut self, share: &Share) -> bool {
        let Some(prefix) = &share.prefix else {
            return share.percentage == 100.0;
        };
        let hash = self.kept_hash(prefix, |call| {
            hash_of_unit(call.input, share.unit, prefix, call.temporary)
        });
        ((hash % 10_000) as f64) < share.percentage * 100.0
    }
}
