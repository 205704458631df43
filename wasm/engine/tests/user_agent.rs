//! The user-agent parser against what Statsig's engine answers, and against nonsense.

use std::io::Read;
use std::io::Write;
use std::path::PathBuf;

use framegate::user_agent::{MAX_AGENT_BYTES, TEXT_BYTES, UserAgentField, parse};
use serde_json::Value;

const FIELDS: [&str; 4] = ["os_name", "os_version", "browser_name", "browser_version"];

/// The conformance data beside the repository; `None`, with a line that says so, where it is absent.
fn shared(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/statsig")
        .join(name);
    if !path.exists() {
        // Past the test runner, which keeps what passing tests print to itself.
        let _ = writeln!(
            std::io::stderr(),
            "nothing compared: ../shared/data/statsig/{name} is not there"
        );
        return None;
    }
    Some(path)
}

fn text(agent: &str, field: &str) -> Option<String> {
    let field = UserAgentField::from_name(field).expect("a known field");
    parse(agent).map(|parsed| parsed.text(field, &mut [0; TEXT_BYTES]).to_owned())
}

/// Compares every field of every `[agent, {field: text}]` line and returns how many agents there were.
fn compare_lines(name: &str) -> Option<usize> {
    let mut lines = String::new();
    let file = std::fs::File::open(shared(name)?).expect("readable data");
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut lines)
        .expect("gzip");
    let mut agents = 0;
    let mut different = Vec::new();
    for line in lines.lines() {
        let (agent, expected): (String, Value) = serde_json::from_str(line).expect("a line of the data");
        agents += 1;
        for field in FIELDS {
            let answer = text(&agent, field);
            if answer.as_deref() != expected[field].as_str() {
                different.push(format!(
                    "{agent}\n    {field}: {answer:?} instead of {}",
                    expected[field]
                ));
            }
        }
    }
    assert!(
        different.is_empty(),
        "{} fields differ:\n{}",
        different.len(),
        different.join("\n")
    );
    println!("{name}: {agents} agents, all fields equal");
    Some(agents)
}

#[test]
fn every_agent_of_the_large_set_is_read_as_statsig_reads_it() {
    if let Some(agents) = compare_lines("ua/test_user_agents.first_party.expected.ndjson.gz") {
        assert_eq!(agents, 11_127);
    }
}

#[test]
fn every_agent_of_the_must_pass_set_is_read_as_statsig_reads_it() {
    if let Some(agents) = compare_lines("ua/test_must_pass_user_agents.first_party.expected.ndjson.gz") {
        assert_eq!(agents, 227);
    }
}

#[test]
fn the_hand_written_cases_are_read_as_written() {
    let Some(path) = shared("ua/ua_string_cases.json") else {
        return;
    };
    let cases: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("readable data")).expect("JSON");
    for (agent, expected) in cases.as_object().expect("an object of cases") {
        for (name, value) in expected.as_object().expect("an object of fields") {
            // The cases spell the fields `osName`; conditions name them in any case.
            assert_eq!(text(agent, name).as_deref(), value.as_str(), "{name} of {agent}");
        }
    }
}

/// A small generator with a fixed seed, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

#[test]
fn no_agent_makes_it_panic() {
    const PIECES: [&str; 52] = [
        " ",
        ";",
        "/",
        ":",
        ".",
        "_",
        ",",
        "(",
        ")",
        "\"",
        "+",
        "\t",
        "\u{a0}",
        "é",
        "\u{1f600}",
        "\0",
        "1",
        "10.0",
        "6_1",
        "Mac",
        "OS",
        "X",
        "iOS",
        "iPadOS",
        "iPad",
        "iPhone",
        "Apple-iPhone7C2",
        "AppleTV",
        "CPU",
        "CrOS",
        "CrKey",
        "Android",
        "Windows",
        "NT",
        "XP",
        "Phone",
        "MSIE",
        "like",
        "Red",
        "Hat",
        "Version",
        "Chrome",
        "Safari",
        "Mobile",
        "CFNetwork",
        "NetworkingExtension",
        "Kindle",
        "OPR",
        "EdgiOS",
        "OculusBrowser",
        "bot",
        "crawler",
    ];
    let mut random = Random(7);
    for _ in 0..20_000 {
        let mut agent = String::new();
        for _ in 0..random.below(60) {
            agent.push_str(PIECES[random.below(PIECES.len())]);
        }
        assert_eq!(parse(&agent).is_some(), agent.len() <= MAX_AGENT_BYTES);
        for field in FIELDS {
            text(&agent, field);
        }
    }
    for character in [' ', ';', '/', '.', '_', '(', '\u{a0}', '\u{1f600}', '1', 'x'] {
        let agent: String = std::iter::repeat_n(character, MAX_AGENT_BYTES / character.len_utf8()).collect();
        for field in FIELDS {
            assert!(text(&agent, field).is_some());
            assert!(text(&format!("Firefox/{}", &agent[..agent.len() - 8]), field).is_some());
        }
    }
}
