//! The loaded specs: everything interned and numbered, ready to be walked. `load` makes them, `evaluate` reads them.

use crate::frame::{Encoded, HASH_SIZE, HEAD_SIZE, SLOT_SIZE};
use crate::lists::IdLists;
use crate::memory;
use crate::sha256::Prefix;
use crate::target::Test;
use crate::texts::Texts;
use crate::user_agent::UserAgentField;
use std::num::NonZeroU32;

/// What is asked for: the namespaces that names live in. A dynamic config and an experiment share one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Gate,
    Config,
    Experiment,
    Layer,
}

impl Kind {
    /// The index of the kind's namespace in [`Specs::entities`].
    pub fn namespace(self) -> usize {
        match self {
            Kind::Gate => 0,
            Kind::Config | Kind::Experiment => 1,
            Kind::Layer => 2,
        }
    }
}

/// A piece of the user that some spec reads; its number is its place in the frame.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Field {
    /// A user field by name: top-level, then custom, global custom and private ones, then aliases.
    User(Box<str>),
    /// A unit id by its type.
    Unit(Box<str>),
    /// A field of the user's environment, then of the evaluator's.
    Environment(Box<str>),
    /// The country of the user's IP address, which the host looks up: its table takes 1 MB, and instances are many.
    /// Absent for an address of no country, null for one that the host has no table to look up in.
    Country,
    /// What an operator of the host's says of another field and a target.
    Custom {
        operator: Box<str>,
        base: Box<Field>,
        /// JSON text.
        target: Box<str>,
    },
}

/// A number of which rules and specs may have none: an `Option` of it takes four bytes, not eight.
#[derive(Clone, Copy)]
pub struct Index(NonZeroU32);

impl Index {
    pub fn new(number: u32) -> Self {
        debug_assert!(number < u32::MAX, "numbers count what was loaded");
        Index(NonZeroU32::MIN.saturating_add(number))
    }

    pub fn get(self) -> u32 {
        self.0.get() - 1
    }
}

/// A name that can be asked for: its definition, if it has one, and what else the payload says of it.
pub struct Entity {
    /// Whether it appears in exposures of specs that nest it (segments do not).
    pub exposed: bool,
    pub spec: Option<Spec>,
    pub bandit: Option<Box<Bandit>>,
    pub mappings: Box<[Mapping]>,
    /// Number of its plan.
    pub plan: u32,
}

#[derive(Clone)]
pub struct Spec {
    /// Text number of `feature_gate`, `segment`, `holdout`, `dynamic_config`, `experiment`, `autotune`, `layer`, …
    pub entity: u32,
    pub id_type: u32,
    pub version: Option<u32>,
    pub enabled: bool,
    pub default: Returned,
    pub rules: Box<[Rule]>,
    pub active: Option<bool>,
    pub in_layer: Option<bool>,
    /// Number of the list of explicit parameters.
    pub explicit: Option<Index>,
    pub merges_rules: bool,
}

/// A rule's or a spec's value: as a gate it is a boolean, as a config a JSON object by number.
#[derive(Clone, Copy)]
pub struct Returned {
    pub boolean: Option<bool>,
    pub value: Option<Index>,
}

pub struct Rule {
    pub id: u32,
    pub group: Option<Index>,
    pub in_group: bool,
    pub conditions: Box<[u32]>,
    pub share: Share,
    pub returned: Returned,
    /// An experiment (its entity number) that decides instead.
    pub delegate: Option<Index>,
}

/// Payloads have tens of thousands of them.
#[cfg(target_arch = "wasm32")]
const _: () = assert!(size_of::<Rule>() == 48);

/// The part of the units that a rule lets pass.
#[derive(Clone)]
pub struct Share {
    /// In percent; 0 and 100 are decided without hashing.
    pub percentage: f64,
    pub unit: u32,
    /// The hash of `specSalt.ruleSalt.`
    pub prefix: Option<Box<Prefix>>,
}

impl Share {
    /// Whether the unit is asked for at all.
    pub fn hashes(&self) -> bool {
        self.percentage != 0.0 && self.percentage != 100.0
    }
}

/// An experiment mapping: when one of the rules passes, another config answers for this name.
#[derive(Clone)]
pub struct Mapping {
    /// Entity number of the config that answers, within the namespace of the name.
    pub config: u32,
    pub config_name: u32,
    pub rules: Box<[MappingRule]>,
}

#[derive(Clone)]
pub struct MappingRule {
    /// Milliseconds since 1970 from which on the rule counts.
    pub start: f64,
    pub conditions: Box<[u32]>,
    pub share: Share,
}

/// A contextual bandit (CMAB).
#[derive(Clone)]
pub struct Bandit {
    pub id_type: u32,
    pub version: u32,
    pub enabled: bool,
    pub default: Option<Index>,
    pub sample_rate: f64,
    pub higher_is_better: bool,
    pub groups: Vec<BanditGroup>,
    /// Whether the payload has weights; without, users are spread evenly.
    pub weighted: bool,
    pub targeting: Option<u32>,
    pub unit: u32,
    pub prefix: Box<Prefix>,
}

#[derive(Clone)]
pub struct BanditGroup {
    pub name: u32,
    pub rule: u32,
    /// The rule id while exploring: `<id>:explore`.
    pub explore_rule: u32,
    pub value: Option<Index>,
    pub weights: Option<Weights>,
}

/// A text and its weight.
pub type WeightOfText = (Box<[u8]>, f64);

#[derive(Clone)]
pub struct Weights {
    /// Alpha and intercept.
    pub base: [f64; 2],
    pub records: f64,
    /// Field number and, for each text, its weight.
    pub categorical: Vec<(u32, Vec<WeightOfText>)>,
    /// Field number and factor.
    pub numerical: Vec<(u32, f64)>,
}

pub enum Condition {
    Public,
    Gate {
        gate: u32,
        negate: bool,
    },
    /// A value and how it is compared.
    Value(Source, Test),
    /// The answer of an operator of the host's, by field number.
    Custom {
        operator: Box<str>,
        field: u32,
    },
    /// The engine has no such type or operator; the text says which.
    Unsupported(Box<str>),
    /// The payload does not define it; the text names it.
    Missing(Box<str>),
}

/// Where a condition's value comes from. Numbers are field numbers.
#[derive(Clone)]
pub enum Source {
    Field(u32),
    /// The country that the user names, or else the one of the user's address.
    Country {
        field: u32,
        by_ip: u32,
    },
    UserAgent {
        field: u32,
        agent: u32,
        part: UserAgentField,
    },
    Time,
    Bucket {
        unit: u32,
        prefix: Box<Prefix>,
    },
    App,
    /// The group name of an experiment, by entity number.
    Group(u32),
    Nothing,
}

/// What evaluating an entity can need, over everything it reaches.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Plan {
    /// Field numbers in ascending order.
    pub fields: Vec<u32>,
    pub reads_time: bool,
    pub reads_seed: bool,
    pub reads_country: bool,
    /// Gates that may be nested, for the memo.
    pub gates: u32,
    /// Entries that the exposure log may get.
    pub log: u32,
    /// Pairs that a merged layer value may be made of.
    pub contributions: u32,
    /// Temporary bytes beyond what the values' size asks for.
    pub temporary: u32,
}

/// One payload, loaded. What only a catalog tells is gone once it is sealed.
#[derive(Clone)]
pub struct Specs {
    /// By namespace: gates, configs, layers.
    pub entities: [Vec<Entity>; 3],
    /// Their names; the catalog's.
    pub names: [Vec<Box<str>>; 3],
    /// Each distinct one once.
    pub plans: Vec<Plan>,
    pub conditions: Vec<Condition>,
    /// The catalog's.
    pub fields: Vec<Field>,
    /// How many fields there are: a frame has a slot for each.
    pub slots: usize,
    /// How many hashes a host can keep for a user; while specs are loaded, how many there are.
    pub hashes: usize,
    pub texts: Texts,
    /// Text numbers of the rule ids that the engine itself gives.
    pub default_rule: u32,
    pub disabled_rule: u32,
    pub not_started_rule: u32,
    pub not_targeted_rule: u32,
    /// JSON objects that rules return, as text; the catalog's.
    pub values: Vec<Box<str>>,
    /// The sorted key numbers of each value; empty when no layer merges rules.
    pub value_keys: Vec<Vec<u32>>,
    /// The catalog's.
    pub explicit: Vec<Box<str>>,
    pub lists: IdLists,
    /// What `target_app` compares with, encoded as in a frame.
    pub app: Option<Encoded>,
    /// The catalog's.
    pub report: Report,
}

impl Default for Specs {
    fn default() -> Self {
        let mut texts = Texts::default();
        Specs {
            entities: Default::default(),
            names: Default::default(),
            plans: Vec::new(),
            conditions: Vec::new(),
            fields: Vec::new(),
            slots: 0,
            hashes: 0,
            default_rule: texts.number("default"),
            disabled_rule: texts.number("disabled"),
            not_started_rule: texts.number("prestart"),
            not_targeted_rule: texts.number("inlineTargetingRules"),
            texts,
            values: Vec::new(),
            value_keys: Vec::new(),
            explicit: Vec::new(),
            lists: IdLists::default(),
            app: None,
            report: Report::default(),
        }
    }
}

impl Specs {
    /// Offset of the hash at a place in frames.
    pub fn hash_offset(&self, place: usize) -> usize {
        HEAD_SIZE + self.slots * SLOT_SIZE + place * HASH_SIZE
    }

    /// Offset of the heap in frames.
    pub fn heap_offset(&self) -> usize {
        self.hash_offset(self.hashes.next_multiple_of(2))
    }

    /// The form in which specs are evaluated: without what the catalog has told, and as small as it can be.
    pub fn sealed(mut self: Box<Self>) -> Box<Self> {
        self.names = Default::default();
        self.plans.iter_mut().for_each(|plan| plan.fields = Vec::new());
        self.conditions.iter_mut().for_each(Condition::forget_texts);
        self.fields = Vec::new();
        let asks_groups = |condition: &Condition| matches!(condition, Condition::Value(Source::Group(_), _));
        if !self.conditions.iter().any(asks_groups) {
            self.texts = Texts::default();
        }
        self.texts.settle();
        self.lists.settle();
        self.values = Vec::new();
        self.explicit = Vec::new();
        self.report = Report::default();
        memory::keep(self)
    }
}

// Copies are made where specs are kept. What there are many of is copied by functions of their own, which are small enough
// for a runtime to optimise; inlined into one, they are 10 kB.

impl Clone for Entity {
    #[inline(never)]
    fn clone(&self) -> Self {
        Entity {
            exposed: self.exposed,
            spec: self.spec.clone(),
            bandit: self.bandit.clone(),
            mappings: self.mappings.clone(),
            plan: self.plan,
        }
    }
}

impl Clone for Rule {
    #[inline(never)]
    fn clone(&self) -> Self {
        Rule {
            id: self.id,
            group: self.group,
            in_group: self.in_group,
            conditions: self.conditions.clone(),
            share: self.share.clone(),
            returned: self.returned,
            delegate: self.delegate,
        }
    }
}

impl Clone for Condition {
    #[inline(never)]
    fn clone(&self) -> Self {
        match self {
            Condition::Public => Condition::Public,
            Condition::Gate { gate, negate } => Condition::Gate {
                gate: *gate,
                negate: *negate,
            },
            Condition::Value(source, test) => Condition::Value(source.clone(), test.clone()),
            Condition::Custom { operator, field } => Condition::Custom {
                operator: operator.clone(),
                field: *field,
            },
            Condition::Unsupported(text) => Condition::Unsupported(text.clone()),
            Condition::Missing(text) => Condition::Missing(text.clone()),
        }
    }
}

impl Condition {
    /// Whether nothing comes of it but whether it passes.
    pub fn only_passes(&self) -> bool {
        match self {
            Condition::Public => true,
            Condition::Value(source, _) => !matches!(source, Source::Country { .. } | Source::Group(_)),
            Condition::Gate { .. } | Condition::Custom { .. } | Condition::Unsupported(_) | Condition::Missing(_) => {
                false
            }
        }
    }

    fn forget_texts(&mut self) {
        match self {
            Condition::Custom { operator: text, .. } | Condition::Unsupported(text) | Condition::Missing(text) => {
                *text = Box::default();
            }
            _ => {}
        }
    }
}

/// What loading has to say.
#[derive(Clone, Default)]
pub struct Report {
    pub version: u8,
    pub time: Option<f64>,
    pub default_environment: Option<Box<str>>,
    pub dropped: Vec<Dropped>,
    pub unsupported: Vec<Unsupported>,
    pub conditions: u32,
}

#[derive(Clone)]
pub struct Dropped {
    pub kind: &'static str,
    pub name: Box<str>,
    pub reason: String,
}

#[derive(Clone)]
pub struct Unsupported {
    pub kind: &'static str,
    pub name: Box<str>,
    pub rule: Box<str>,
    pub reason: Box<str>,
    /// It is supported when the host has this operator.
    pub operator: Option<Box<str>>,
}
