//! Operating system and browser of a user-agent header, exactly as Statsig's own ("first-party") parser reads them.
//!
//! `ua_based` conditions ask for one of four texts when the user carries no such field itself. The agent is read once
//! from left to right (`scan`); what it says is kept in a fixed set of places (`findings`), and from those the
//! answer is taken (`verdict`). Nothing is allocated: every piece of an answer is borrowed from the agent or is a constant.

mod findings;
mod marks;
mod products;
mod scan;
#[cfg(test)]
mod tests;
mod verdict;
mod version;
mod words;

use version::Version;

/// Agents of more bytes than this have no value for any field.
pub const MAX_AGENT_BYTES: usize = 1000;

/// Room that [`UserAgent::text`] needs at most: a version is made of pieces of one word of the agent.
pub const TEXT_BYTES: usize = 1024;

/// Which of the four texts a condition asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserAgentField {
    OsName,
    OsVersion,
    BrowserName,
    BrowserVersion,
}

impl UserAgentField {
    /// The field that a condition names: `os_name`, `osname` and so on, in any case. `None` for every other name.
    pub fn from_name(field: &str) -> Option<Self> {
        const NAMES: [(&str, &str, UserAgentField); 4] = [
            ("os_name", "osname", UserAgentField::OsName),
            ("os_version", "osversion", UserAgentField::OsVersion),
            ("browser_name", "browsername", UserAgentField::BrowserName),
            ("browser_version", "browserversion", UserAgentField::BrowserVersion),
        ];
        NAMES
            .iter()
            .find(|(snake, joined, _)| field.eq_ignore_ascii_case(snake) || field.eq_ignore_ascii_case(joined))
            .map(|&(_, _, named)| named)
    }
}

/// A name with its version: an operating system or a browser.
#[derive(Clone, Copy, Debug)]
struct Product<'a> {
    name: &'a str,
    version: Version<'a>,
}

/// What an agent says, borrowed from it.
#[derive(Clone, Copy, Debug)]
pub struct UserAgent<'a> {
    os: Product<'a>,
    browser: Product<'a>,
}

impl<'a> UserAgent<'a> {
    /// The text of one field. A name that is not known is `Other`, a version that is not known `0.0.0`.
    ///
    /// Versions are written to `room`, because their pieces are joined by dots whatever stood between them in the agent;
    /// names are lent from the agent itself and leave `room` untouched.
    ///
    /// ```
    /// use framegate::user_agent::{TEXT_BYTES, UserAgentField, parse};
    /// let agent = parse("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)").unwrap();
    /// let mut room = [0; TEXT_BYTES];
    /// assert_eq!(agent.text(UserAgentField::OsName, &mut room), "Mac OS X");
    /// assert_eq!(agent.text(UserAgentField::OsVersion, &mut room), "10.15.7");
    /// ```
    pub fn text<'o>(&self, field: UserAgentField, room: &'o mut [u8; TEXT_BYTES]) -> &'o str
    where
        'a: 'o,
    {
        match field {
            UserAgentField::OsName => self.os.name,
            UserAgentField::OsVersion => self.os.version.write(room),
            UserAgentField::BrowserName => self.browser.name,
            UserAgentField::BrowserVersion => self.browser.version.write(room),
        }
    }
}

/// Reads an agent, in one pass over its bytes. `None` for agents of more than [`MAX_AGENT_BYTES`].
pub fn parse(agent: &str) -> Option<UserAgent<'_>> {
    if agent.len() > MAX_AGENT_BYTES {
        return None;
    }
    let findings = scan::scan(agent);
    Some(UserAgent {
        os: verdict::operating_system(&findings),
        browser: verdict::browser(&findings),
    })
}
