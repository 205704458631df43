//! Evaluating asks for no memory: not at a spec's first evaluation, not for any user. The engine's own allocator counts.

mod host;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use host::Loaded;
use serde_json::{Value, json};

/// Asks everything about every user, and counts allocations by question.
///
/// An error instead of a panic, whose message the engine's own hook would take.
fn expect_none(loaded: &Loaded, users: &[Value], at_least: usize) -> Result<(), String> {
    let mut allocations: BTreeMap<&str, u64> = BTreeMap::new();
    let (mut evaluations, mut passed) = (0, 0);
    for round in 0..2 {
        for user in users {
            let encoded = loaded.encode(user);
            for question in &loaded.questions {
                let (flags, allocated) = loaded.evaluate(question, &encoded, round);
                evaluations += 1;
                passed += (flags & 1) as usize;
                if allocated > 0 {
                    *allocations.entry(&question.name).or_default() += allocated;
                }
            }
        }
    }
    // That nothing was evaluated must not pass for success.
    if evaluations < at_least || passed * 20 < evaluations {
        return Err(format!("only {evaluations} evaluations, of which {passed} passed"));
    }
    if !allocations.is_empty() {
        return Err(format!("allocations in {evaluations} evaluations: {allocations:?}"));
    }
    Ok(())
}

fn file(path: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if path.extension().is_none_or(|extension| extension != "gz") {
        return bytes;
    }
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(&bytes[..])
        .read_to_end(&mut text)
        .expect("gzip");
    text
}

fn users(path: &str) -> Vec<Value> {
    let text = String::from_utf8(file(path)).expect("UTF-8");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

const AGENTS: [&str; 4] = [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0",
    "nonsense ✓ (",
];

/// A user with something in every field, different for every number.
fn typical_user(number: u32) -> Value {
    let texts = [
        "a",
        "",
        "İSTANBUL ẞ",
        "2023-04-05T06:07:08Z",
        "1.2.3",
        "person@students.example",
        "-17",
        "true",
    ];
    let text = texts[number as usize % texts.len()];
    json!({
        "userID": format!("user-{number}"),
        "email": format!("Person.{number}@{}", ["students.example", "mail.example"][number as usize % 2]),
        "ip": "1.2.3.4",
        "country": (["DE", "US", "FR"][number as usize % 3]),
        "locale": "de_DE",
        "appVersion": format!("{}.{}.0", number % 10, number % 7),
        "userAgent": AGENTS[number as usize % AGENTS.len()],
        "customIDs": { "stableID": format!("s{number}"), "companyID": number % 5 },
        "statsigEnvironment": { "tier": (["production", "staging"][number as usize % 2]) },
        "custom": {
            "text": text, "number": f64::from(number) * 1.5 - 20.0, "yes": number.is_multiple_of(2), "nothing": null,
            "array": [text, number, "a", null, "é\u{1}", ["deep"]], "object": { "a": text, "b": [number] },
            "long": "Größe ".repeat(number as usize % 200), "plan": "business", "cartValue": number, "age": number % 90,
        },
    })
}

#[test]
fn the_example_project_evaluates_without_allocating() -> Result<(), String> {
    let names = ["beta_testers", "employees", "partner_companies"];
    let lists = names.map(|name| (name, file(&format!("examples/id-lists/{name}"))));
    let lists = lists.each_ref().map(|(name, lines)| (*name, &lines[..]));
    let loaded = Loaded::new(&file("examples/shop.specs.json"), &lists);
    let users: Vec<_> = (0..500).map(typical_user).collect();
    expect_none(&loaded, &users, 50_000)
}

#[test]
fn every_operator_and_kind_of_target_evaluates_without_allocating() -> Result<(), String> {
    let loaded = Loaded::new(&file("test/fixtures/operator_matrix.specs.json.gz"), &[]);
    let mut users = users("test/fixtures/operator_matrix.users.ndjson");
    users.extend((0..50).map(typical_user));
    expect_none(&loaded, &users, 100_000)
}

#[test]
fn layers_experiments_and_nested_gates_evaluate_without_allocating() -> Result<(), String> {
    let list = file("test/fixtures/idlists/list_a");
    let loaded = Loaded::new(&file("test/fixtures/structure.specs.json.gz"), &[("list_a", &list)]);
    let mut users = users("test/fixtures/structure.users.ndjson");
    users.extend((0..200).map(typical_user));
    expect_none(&loaded, &users, 20_000)
}

const OPERATORS: [&str; 28] = [
    "any",
    "none",
    "any_case_sensitive",
    "none_case_sensitive",
    "eq",
    "neq",
    "gt",
    "gte",
    "lt",
    "lte",
    "version_gt",
    "version_gte",
    "version_lt",
    "version_lte",
    "version_eq",
    "version_neq",
    "str_starts_with_any",
    "str_ends_with_any",
    "str_contains_any",
    "str_contains_none",
    "array_contains_any",
    "array_contains_none",
    "array_contains_all",
    "not_array_contains_all",
    "before",
    "after",
    "on",
    "in_segment_list",
];

const FIELDS: [(&str, &str); 16] = [
    ("user_field", "text"),
    ("user_field", "number"),
    ("user_field", "yes"),
    ("user_field", "nothing"),
    ("user_field", "array"),
    ("user_field", "object"),
    ("user_field", "long"),
    ("user_field", "userID"),
    ("user_field", "missing"),
    ("unit_id", ""),
    ("environment_field", "tier"),
    ("ip_based", "country"),
    ("ua_based", "os_name"),
    ("ua_based", "browser_version"),
    ("current_time", ""),
    ("user_bucket", ""),
];

/// Expressions that are searched for by an automaton, and by back-tracking.
const PATTERNS: [&str; 18] = [
    "a",
    "^a$",
    "(?i)É",
    r"\d+",
    r"^\s*$",
    r"@(?:students?|alumni)\.",
    "^(a+)+$",
    r"\p{L}",
    r"\w+@\w+\.example$",
    r"\bbusiness\b",
    "^(?!.*mail)",
    "(?<=@)students",
    r"(?<=Gr\w*)e\b",
    r"(\w)\1",
    r"(?i)(ß|i)\1",
    "(?>a+|Größe )+b",
    r"^(?:(a)|\w)*(?(1)b|\W)",
    r"^((\w+) )+\2$",
];

fn gate(name: &str, condition: &str) -> (String, Value) {
    let rule = json!({
        "name": "r", "id": "rule", "salt": name, "idType": "userID", "passPercentage": 100, "conditions": [condition],
        "returnValue": true,
    });
    let gate = json!({
        "type": "feature_gate", "entity": "feature_gate", "salt": name, "enabled": true, "defaultValue": false,
        "idType": "userID", "rules": [rule],
    });
    (name.to_owned(), gate)
}

/// A payload with a gate for each condition.
fn payload(conditions: impl IntoIterator<Item = (String, Value)>) -> Vec<u8> {
    let conditions: serde_json::Map<String, Value> = conditions.into_iter().collect();
    let gates: serde_json::Map<String, Value> = conditions.keys().map(|name| gate(name, name)).collect();
    json!({
        "has_updates": true, "time": 1, "feature_gates": gates, "dynamic_configs": {}, "layer_configs": {},
        "condition_map": conditions, "experiment_to_layer": {},
    })
    .to_string()
    .into_bytes()
}

fn condition(kind: &str, field: &str, operator: &str, target: &Value) -> Value {
    json!({
        "type": kind, "operator": operator, "field": field, "targetValue": target, "idType": "userID",
        "additionalValues": { "salt": "bucket" },
    })
}

#[test]
fn every_operator_on_every_field_evaluates_without_allocating() -> Result<(), String> {
    let targets = [
        json!(null),
        json!(3),
        json!("1.2.3"),
        json!("2023-04-05T06:07:08Z"),
        json!(["a", "", "İ", "de", "business"]),
        json!([1, 2.5, -17, true]),
        json!({ "a": [1] }),
    ];
    let mut conditions = Vec::new();
    for operator in OPERATORS {
        for (kind, field) in FIELDS {
            for (number, target) in targets.iter().enumerate() {
                let name = format!("{kind}.{field} {operator} {number}");
                conditions.push((name, condition(kind, field, operator, target)));
            }
        }
    }
    for (kind, field) in FIELDS {
        for pattern in PATTERNS {
            let made = condition(kind, field, "str_matches", &Value::from(pattern));
            conditions.push((format!("{kind}.{field} str_matches {pattern}"), made));
        }
    }
    let loaded = Loaded::new(&payload(conditions), &[]);
    let users: Vec<_> = (0..40).map(typical_user).collect();
    expect_none(&loaded, &users, 200_000)
}
