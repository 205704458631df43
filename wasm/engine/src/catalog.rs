//! What a host must know of the loaded specs to ask for evaluations and to read their outcomes. A host reads it in place
//! and decodes a text when somebody asks for it, so what it costs to have does not depend on how much there is.
//!
//! ```text
//!   0  Head           numbers, and where the other sections start (`Head`)
//!      names          of gates, of configs, of layers
//!      plans
//!      texts          fields, labels, texts, values, explicit, report
//!
//!      names:  count n, index size s (a power of two, at most half of it taken)
//!              n rows of 4 words: hash of the name; label of what the payload calls it, or NONE for a name without a
//!                                 spec; plan number; bits: 1 bandit
//!              s words: entity number + 1, or 0 where nothing is; an entity stands at its hash modulo s or, where that
//!                       was taken, at the next free place, the first following the last
//!              texts: the names by entity number
//!      plans:  count n
//!              n rows of 4 words: bits: 1 time, 2 seed, 4 country; scratch in bytes; offset of the field numbers; how many
//!              field numbers
//!      texts:  count n, n + 1 offsets (text i ends where i + 1 starts), bytes of UTF-8, zeros up to a multiple of 4
//!
//!      fields    ["user" | "unit" | "environment", name], each as JSON; the country of the user's address is
//!                ["country", "ip"], what an operator of the host's says of a field ["custom", operator, field, target]
//!      labels    `feature_gate`, `segment`, …, and the default environment
//!      texts     what outcomes name by number
//!      values    JSON objects
//!      explicit  arrays of parameters, each as JSON
//!      report    one JSON text: { lists: [name, …], dropped: [[kind, name, reason], …],
//!                unsupported: [[kind, name, rule, reason], …] }, with a fifth text where an operator of the host's is
//!                asked for: the entry holds unless the host has that
//! ```
//!
//! All offsets are from the start of the catalog, all numbers little-endian and 32 bits wide, all sections 4-byte aligned.

use std::collections::HashMap;

use crate::frame::NONE;
use crate::json::write_string;
use crate::specs::{Field, Plan, Report, Specs};
use crate::texts::TextHash;

/// The version of this layout.
const VERSION: u32 = 2;

/// The fixed part at the start of a catalog.
#[derive(Default)]
pub struct Head {
    pub version: u32,
    /// Size of the whole catalog.
    pub length: u32,
    /// Of the payload: 1 or 2.
    pub format: u32,
    /// Bits: 1 when some plan asks for the country.
    pub bits: u32,
    /// When the specs were last changed, as the halves of a double; NaN when the payload does not say.
    pub time: [u32; 2],
    /// Label of the default environment, or `NONE`.
    pub default_environment: u32,
    /// How many conditions there are.
    pub conditions: u32,
    pub gates: u32,
    pub configs: u32,
    pub layers: u32,
    pub plans: u32,
    pub fields: u32,
    pub labels: u32,
    pub texts: u32,
    pub values: u32,
    pub explicit: u32,
    pub report: u32,
    /// How many hashes a host can keep for a user.
    pub hashes: u32,
}

/// Size of [`Head`].
const HEAD_SIZE: usize = size_of::<Head>();

/// The catalog's bytes.
pub fn catalog(specs: &Specs) -> Vec<u8> {
    let mut out = Catalog(vec![0; HEAD_SIZE]);
    let mut labels = Distinct::default();
    let report = &specs.report;
    let time = report.time.unwrap_or(f64::NAN).to_bits();
    let default_environment = report.default_environment.as_deref();
    let [gates, configs, layers] = [0, 1, 2].map(|kind| out.names(specs, kind, &mut labels));
    let mut head = Head {
        version: VERSION,
        format: u32::from(report.version),
        bits: u32::from(specs.plans.iter().any(|plan| plan.reads_country)),
        time: [time as u32, (time >> 32) as u32],
        default_environment: default_environment.map_or(NONE, |name| labels.number(name)),
        conditions: report.conditions,
        gates,
        configs,
        layers,
        plans: out.plans(&specs.plans),
        fields: out.texts(specs.fields.iter().map(field)),
        labels: out.texts(labels.items.iter()),
        texts: out.texts(specs.texts.iter()),
        values: out.texts(specs.values.iter()),
        explicit: out.texts(specs.explicit.iter()),
        report: out.texts([report_text(report, specs.lists.names())].iter()),
        hashes: specs.hashes as u32,
        length: 0,
    };
    head.length = out.here();
    out.head(head);
    out.0
}

fn field(field: &Field) -> String {
    let mut text = String::new();
    let names = match field {
        Field::User(name) => ["user", name],
        Field::Unit(name) => ["unit", name],
        Field::Environment(name) => ["environment", name],
        Field::Country => ["country", "ip"],
        Field::Custom { operator, base, target } => {
            text.push_str("[\"custom\",");
            write_string(operator, &mut text);
            text.push_str(&format!(",{},{target}]", self::field(base)));
            return text;
        }
    };
    write_texts(&names, &mut text);
    text
}

/// FNV-1a over the name's UTF-16 units, which both sides have without making anything.
#[inline(never)]
fn hash(name: &str) -> u32 {
    name.encode_utf16().fold(0x811c_9dc5, |hash, unit| {
        (hash ^ u32::from(unit)).wrapping_mul(0x0100_0193)
    })
}

/// Distinct texts by number: all specs share the few labels.
#[derive(Default)]
struct Distinct<'s> {
    numbers: HashMap<&'s str, u32, TextHash>,
    items: Vec<&'s str>,
}

impl<'s> Distinct<'s> {
    fn number(&mut self, item: &'s str) -> u32 {
        let next = self.items.len() as u32;
        let number = *self.numbers.entry(item).or_insert(next);
        if number == next {
            self.items.push(item);
        }
        number
    }
}

struct Catalog(Vec<u8>);

impl Catalog {
    fn here(&self) -> u32 {
        self.0.len() as u32
    }

    fn word(&mut self, word: u32) {
        self.0.extend_from_slice(&word.to_le_bytes());
    }

    fn set_word(&mut self, at: usize, word: u32) {
        self.0[at..at + 4].copy_from_slice(&word.to_le_bytes());
    }

    fn words(&mut self, words: impl IntoIterator<Item = u32>) {
        words.into_iter().for_each(|word| self.word(word));
    }

    fn head(&mut self, head: Head) {
        let words = [
            head.version,
            head.length,
            head.format,
            head.bits,
            head.time[0],
            head.time[1],
            head.default_environment,
            head.conditions,
            head.gates,
            head.configs,
            head.layers,
            head.plans,
            head.fields,
            head.labels,
            head.texts,
            head.values,
            head.explicit,
            head.report,
            head.hashes,
        ];
        for (place, word) in words.into_iter().enumerate() {
            self.set_word(4 * place, word);
        }
    }

    /// Appends texts and returns where they start.
    #[inline(never)]
    fn texts<Text: AsRef<str>>(&mut self, texts: impl ExactSizeIterator<Item = Text>) -> u32 {
        let start = self.0.len();
        let count = texts.len();
        self.word(count as u32);
        let offsets = start + 4;
        self.0.resize(offsets + 4 * (count + 1), 0);
        for (number, text) in texts.enumerate() {
            self.set_word(offsets + 4 * number, self.here());
            self.0.extend_from_slice(text.as_ref().as_bytes());
        }
        self.set_word(offsets + 4 * count, self.here());
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        start as u32
    }

    #[inline(never)]
    fn names<'s>(&mut self, specs: &'s Specs, namespace: usize, labels: &mut Distinct<'s>) -> u32 {
        let (entities, names) = (&specs.entities[namespace], &specs.names[namespace]);
        let start = self.here();
        let size = (2 * entities.len()).max(1).next_power_of_two();
        let mut index = vec![0; size];
        self.words([entities.len() as u32, size as u32]);
        for (number, (entity, name)) in entities.iter().zip(names).enumerate() {
            let hash = hash(name);
            let mut place = hash as usize & (size - 1);
            while index[place] != 0 {
                place = (place + 1) & (size - 1);
            }
            index[place] = number as u32 + 1;
            let label = entity
                .spec
                .as_ref()
                .map_or(NONE, |spec| labels.number(specs.texts.get(spec.entity)));
            self.words([hash, label, entity.plan, u32::from(entity.bandit.is_some())]);
        }
        self.words(index);
        self.texts(names.iter());
        start
    }

    #[inline(never)]
    fn plans(&mut self, plans: &[Plan]) -> u32 {
        let start = self.here();
        self.word(plans.len() as u32);
        let mut fields = start + 4 + 16 * plans.len() as u32;
        for plan in plans {
            let bits =
                u32::from(plan.reads_time) | u32::from(plan.reads_seed) << 1 | u32::from(plan.reads_country) << 2;
            let count = plan.fields.len() as u32;
            self.words([bits, plan.scratch() as u32, fields, count]);
            fields += 4 * count;
        }
        self.words(plans.iter().flat_map(|plan| plan.fields.iter().copied()));
        start
    }
}

#[inline(never)]
fn report_text<'s>(report: &Report, lists: impl Iterator<Item = &'s str>) -> String {
    let mut out = String::from("{\"lists\":");
    write_texts(&lists.collect::<Vec<_>>(), &mut out);
    out.push_str(",\"dropped\":[");
    for (index, it) in report.dropped.iter().enumerate() {
        out.push_str(if index > 0 { "," } else { "" });
        write_texts(&[it.kind, &it.name, &it.reason], &mut out);
    }
    out.push_str("],\"unsupported\":[");
    for (index, it) in report.unsupported.iter().enumerate() {
        out.push_str(if index > 0 { "," } else { "" });
        let mut texts = vec![it.kind, &it.name, &it.rule, &it.reason];
        texts.extend(it.operator.as_deref());
        write_texts(&texts, &mut out);
    }
    out.push_str("]}");
    out
}

fn write_texts(texts: &[&str], out: &mut String) {
    out.push('[');
    for (index, text) in texts.iter().enumerate() {
        out.push_str(if index > 0 { "," } else { "" });
        write_string(text, out);
    }
    out.push(']');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(bytes: &[u8], at: usize) -> u32 {
        u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
    }

    #[test]
    fn an_empty_catalog_has_its_sections_in_order() {
        let bytes = catalog(&Specs::default());
        assert_eq!(word(&bytes, 0), VERSION);
        assert_eq!(word(&bytes, 4) as usize, bytes.len());
        let sections: Vec<u32> = (8..18).map(|place| word(&bytes, 4 * place)).collect();
        assert_eq!(sections[0] as usize, HEAD_SIZE);
        assert!(
            sections.is_sorted() && sections.iter().all(|at| at % 4 == 0),
            "{sections:?}"
        );
    }

    #[test]
    fn texts_end_where_the_next_start() {
        let mut out = Catalog(Vec::new());
        out.texts(["ab", "", "é"].iter());
        assert_eq!(word(&out.0, 0), 3);
        let offsets: Vec<u32> = (1..5).map(|place| word(&out.0, 4 * place)).collect();
        assert_eq!(offsets, [20, 22, 22, 24]);
        assert_eq!(&out.0[20..], "abé".as_bytes());
    }
}
