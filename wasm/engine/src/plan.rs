//! What evaluating an entity can touch: itself, the gates it nests, the experiments it delegates to or takes groups
//! from, the configs it is mapped to. The host sends only the fields of an entity's plan and sizes the frame by it, so
//! plans are upper bounds over everything reachable.

use std::collections::HashMap;

use crate::frame::logged;
use crate::memo::Memo;
use crate::sha256::NOWHERE;
use crate::specs::{Bandit, Condition, Entity, Mapping, Plan, Rule, Share, Source, Specs};
use crate::texts::TextHash;
use crate::user_agent::TEXT_BYTES;

/// Temporary bytes for each byte of an app id that is no text: its JSON with every byte escaped, and that in lower case.
const TEXT_OF_APP: usize = 12;

/// Entries that the log of exposures may have; an evaluation that needs more ends as one that is too deep.
const MOST_LOGGED: u32 = 1 << 16;

/// How many hashes a host keeps for a user, which it copies for each call, and how many entities are to reach one of them:
/// what is asked for once need not be kept.
const MOST_KEPT: usize = 32;
const LEAST_REACHED: u32 = 3;

/// Computes the plan of every entity and lists the conditions that nobody can evaluate.
pub fn plan(specs: &mut Specs) {
    let reach: [Vec<Reach>; 3] = std::array::from_fn(|namespace| {
        specs.entities[namespace]
            .iter()
            .map(|entity| Reach::of(entity, namespace, specs))
            .collect()
    });
    let mut walk = Walk::new(&reach, specs.fields.len(), specs.hashes);
    let mut numbers: HashMap<Plan, u32, TextHash> = HashMap::default();
    for namespace in 0..specs.entities.len() {
        for number in 0..specs.entities[namespace].len() {
            let plan = walk.plan(namespace, number as u32);
            specs.entities[namespace][number].plan = *numbers.entry(plan).or_insert_with_key(|plan| {
                specs.plans.push(plan.clone());
                specs.plans.len() as u32 - 1
            });
        }
    }
    let kept = most_reached(&walk.reached);
    place(specs, &kept);
    specs.report.unsupported = unsupported(specs);
}

/// The numbers of the hashes that a host keeps: those that the most entities reach.
fn most_reached(reached: &[u32]) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::new();
    for (number, count) in reached.iter().enumerate() {
        if *count < LEAST_REACHED {
            continue;
        }
        if kept.len() < MOST_KEPT {
            kept.push(number);
        } else if let Some(least) = kept.iter_mut().min_by_key(|kept| reached[**kept])
            && reached[*least] < *count
        {
            *least = number;
        }
    }
    kept
}

/// Says for each hash where it is kept.
fn place(specs: &mut Specs, kept: &[usize]) {
    let mut places = vec![NOWHERE; specs.hashes];
    for (place, number) in kept.iter().enumerate() {
        places[*number] = place as u32;
    }
    let rules = specs.entities.iter_mut().flatten().flat_map(|entity| {
        let own = entity.spec.iter_mut().flat_map(|spec| spec.rules.iter_mut());
        own.map(|rule| &mut rule.share).chain(
            entity
                .mappings
                .iter_mut()
                .flat_map(|mapping| mapping.rules.iter_mut().map(|rule| &mut rule.share)),
        )
    });
    for prefix in rules.filter_map(|share| share.prefix.as_mut()) {
        prefix.place = places[prefix.place as usize];
    }
    for condition in &mut specs.conditions {
        if let Condition::Value(Source::Bucket { prefix, .. }, _) = condition {
            prefix.place = places[prefix.place as usize];
        }
    }
    specs.hashes = kept.len();
}

/// What one entity touches by itself.
#[derive(Default)]
struct Reach {
    /// Some of them twice.
    fields: Vec<u32>,
    hashes: Vec<u32>,
    /// Entities by namespace and number.
    entities: Vec<(usize, u32)>,
    reads_time: bool,
    reads_seed: bool,
    reads_country: bool,
    /// Conditions that nest a gate, each counted as often as it stands in a rule.
    nested: u32,
    contributions: u32,
    temporary: usize,
}

impl Reach {
    #[inline(never)]
    fn of(entity: &Entity, namespace: usize, specs: &Specs) -> Reach {
        let mut reach = Reach::default();
        if let Some(spec) = &entity.spec {
            spec.rules.iter().for_each(|rule| reach.rule(rule, specs));
            if spec.merges_rules {
                reach.contributions = spec.rules.len() as u32 + 1;
            }
        }
        if let Some(bandit) = &entity.bandit {
            reach.bandit(bandit);
        }
        entity
            .mappings
            .iter()
            .for_each(|mapping| reach.mapping(mapping, namespace, specs));
        reach
    }

    #[inline(never)]
    fn rule(&mut self, rule: &Rule, specs: &Specs) {
        self.conditions(&rule.conditions, specs);
        self.share(&rule.share);
        self.entities
            .extend(rule.delegate.map(|experiment| (1, experiment.get())));
    }

    fn share(&mut self, share: &Share) {
        if let Some(prefix) = &share.prefix {
            self.fields.push(share.unit);
            self.hashes.push(prefix.place);
        }
    }

    #[inline(never)]
    fn mapping(&mut self, mapping: &Mapping, namespace: usize, specs: &Specs) {
        for rule in &mapping.rules {
            self.conditions(&rule.conditions, specs);
            self.share(&rule.share);
            self.reads_time |= rule.start > 0.0;
        }
        self.entities.push((namespace, mapping.config));
    }

    #[inline(never)]
    fn bandit(&mut self, bandit: &Bandit) {
        self.fields.push(bandit.unit);
        self.reads_seed |= bandit.weighted;
        self.entities.extend(bandit.targeting.map(|gate| (0, gate)));
        self.nested += u32::from(bandit.targeting.is_some());
        for weights in bandit.groups.iter().filter_map(|group| group.weights.as_ref()) {
            self.fields.extend(weights.categorical.iter().map(|(field, _)| field));
            self.fields.extend(weights.numerical.iter().map(|(field, _)| field));
        }
    }

    #[inline(never)]
    fn conditions(&mut self, conditions: &[u32], specs: &Specs) {
        for number in conditions {
            match &specs.conditions[*number as usize] {
                Condition::Gate { gate, .. } => {
                    self.entities.push((0, *gate));
                    self.nested += 1;
                }
                Condition::Value(source, _) => self.source(source, specs),
                Condition::Custom { field, .. } => self.fields.push(*field),
                Condition::Public | Condition::Unsupported(_) | Condition::Missing(_) => {}
            }
        }
    }

    #[inline(never)]
    fn source(&mut self, source: &Source, specs: &Specs) {
        match source {
            Source::Field(field) => self.fields.push(*field),
            Source::Country { field, by_ip } => {
                self.fields.extend([field, by_ip]);
                self.reads_country = true;
            }
            Source::UserAgent { field, agent, .. } => {
                self.fields.extend([field, agent]);
                // The text itself, and its lower case, which may be longer.
                self.temporary = self.temporary.max(3 * TEXT_BYTES);
            }
            Source::Time => self.reads_time = true,
            Source::Bucket { unit, prefix } => {
                self.fields.push(*unit);
                self.hashes.push(prefix.place);
            }
            Source::Group(experiment) => {
                self.entities.push((1, *experiment));
                self.temporary = self.temporary.max(2 * specs.texts.longest());
            }
            Source::App => {
                let size = specs.app.as_ref().map_or(0, |app| app.size());
                self.temporary = self.temporary.max(TEXT_OF_APP * size);
            }
            Source::Nothing => {}
        }
    }
}

/// Goes through what an entity reaches, each thing once per entity.
struct Walk<'r> {
    reach: &'r [Vec<Reach>; 3],
    /// The walk in which an entity was last met.
    met: [Vec<u32>; 3],
    /// The walk in which a field was last met.
    read: Vec<u32>,
    /// The walk in which a hash was last met, and in how many it was.
    hashed: Vec<u32>,
    reached: Vec<u32>,
    walks: u32,
}

impl<'r> Walk<'r> {
    fn new(reach: &'r [Vec<Reach>; 3], fields: usize, hashes: usize) -> Self {
        Walk {
            reach,
            met: std::array::from_fn(|namespace| vec![0; reach[namespace].len()]),
            read: vec![0; fields],
            hashed: vec![0; hashes],
            reached: vec![0; hashes],
            walks: 0,
        }
    }

    #[inline(never)]
    fn plan(&mut self, namespace: usize, number: u32) -> Plan {
        self.walks += 1;
        let mut plan = Plan::default();
        let mut temporary = 0;
        let mut open = vec![(namespace, number)];
        while let Some((namespace, number)) = open.pop() {
            let reach = &self.reach[namespace][number as usize];
            let met = &mut self.met[namespace][number as usize];
            let again = std::mem::replace(met, self.walks) == self.walks;
            // Each nesting logs the gate and, where it is remembered, one repeat, or two where its list was joined to the
            // outer one. Gates are walked once in a call; a config can be entered once for each of its mentions.
            if !(again && namespace == 0) {
                let entries = 4 * reach.nested + 2 * reach.contributions;
                plan.log = plan.log.saturating_add(entries).min(MOST_LOGGED);
            }
            if again {
                continue;
            }
            plan.gates += u32::from(namespace == 0);
            plan.reads_time |= reach.reads_time;
            plan.reads_seed |= reach.reads_seed;
            plan.reads_country |= reach.reads_country;
            plan.contributions = plan.contributions.max(reach.contributions);
            temporary = temporary.max(reach.temporary);
            for field in &reach.fields {
                if std::mem::replace(&mut self.read[*field as usize], self.walks) != self.walks {
                    plan.fields.push(*field);
                }
            }
            for hash in &reach.hashes {
                if std::mem::replace(&mut self.hashed[*hash as usize], self.walks) != self.walks {
                    self.reached[*hash as usize] += 1;
                }
            }
            open.extend(&reach.entities);
        }
        if plan.log == 0 {
            plan.gates = 0;
        }
        plan.fields.sort_unstable();
        plan.temporary = temporary as u32;
        plan
    }
}

impl Plan {
    /// Words of the memo, of the contributions and of the log.
    pub fn words(&self) -> [usize; 3] {
        [
            Memo::words(self.gates),
            self.contributions as usize * 2,
            self.log as usize * logged::SIZE,
        ]
    }

    /// Bytes of working memory apart from what the sizes of the user's values ask for.
    pub fn scratch(&self) -> usize {
        self.words().iter().sum::<usize>() * 4 + self.temporary as usize
    }
}

/// Why a condition with an operator that nobody has is unsupported.
pub fn unknown_operator(operator: &str) -> Box<str> {
    format!("unknown operator {operator:?}").into()
}

#[inline(never)]
fn unsupported(specs: &Specs) -> Vec<crate::specs::Unsupported> {
    const KINDS: [&str; 3] = ["gate", "config", "layer"];
    let mut found = Vec::new();
    for (namespace, entities) in specs.entities.iter().enumerate() {
        for (entity, name) in entities.iter().zip(&specs.names[namespace]) {
            for rule in entity.spec.iter().flat_map(|spec| &spec.rules) {
                for number in &rule.conditions {
                    let (reason, operator) = match &specs.conditions[*number as usize] {
                        Condition::Unsupported(reason) | Condition::Missing(reason) => (reason.clone(), None),
                        Condition::Custom { operator, .. } => {
                            (unknown_operator(&format!("custom:{operator}")), Some(operator.clone()))
                        }
                        _ => continue,
                    };
                    found.push(crate::specs::Unsupported {
                        kind: KINDS[namespace],
                        name: name.clone(),
                        rule: specs.texts.get(rule.id).into(),
                        reason,
                        operator,
                    });
                }
            }
        }
    }
    found
}
