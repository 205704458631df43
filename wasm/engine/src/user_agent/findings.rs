//! What one pass over an agent leaves behind: a constant amount, however long the agent is.
//!
//! Whether a product decides depends on hints that may come after it (`Mobile` at the end makes the Firefox at the
//! beginning a Firefox Mobile), so the candidates are kept with their places and judged when the agent has been read.

/// A product as the agent names it, or as a mark stands for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub name: &'a str,
    pub version: Option<&'a str>,
    /// Its place among the tokens of the agent.
    pub place: usize,
}

/// Circumstances that change how tokens are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hints(u16);

impl Hints {
    pub const NONE: Self = Self(0);
    pub const IOS: Self = Self(1);
    pub const MACOS: Self = Self(1 << 1);
    pub const WINDOWS: Self = Self(1 << 2);
    pub const LINUX: Self = Self(1 << 3);
    pub const MOBILE: Self = Self(1 << 4);
    pub const SAFARI: Self = Self(1 << 5);
    pub const PLAYSTATION: Self = Self(1 << 6);
    pub const HUAWEI: Self = Self(1 << 7);
    pub const CFNETWORK: Self = Self(1 << 8);
    pub const CRAWLER: Self = Self(1 << 9);

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Everything that the verdict needs.
#[derive(Debug, Default)]
pub(super) struct Findings<'a> {
    pub hints: Hints,
    /// Named by a mark or product that settles the matter, whatever else the agent says.
    pub certain_os: Option<Token<'a>>,
    pub certain_browser: Option<Token<'a>>,
    /// Later bots do not replace the first, even where another browser has in between.
    bot_seen: bool,
    /// The first two tokens: an app that uses CFNetwork names itself there.
    pub first: Option<Token<'a>>,
    pub second: Option<Token<'a>>,
    /// The first token that names an operating system under any hints.
    pub os: Option<Token<'a>>,
    /// The first tokens that name one under some hints.
    pub cpu_os: Option<Token<'a>>,
    pub first_version: Option<Token<'a>>,
    /// The first token that names a browser under any hints.
    pub browser: Option<Token<'a>>,
    /// The last tokens of names that stand in many browsers' agents.
    pub android: Option<Token<'a>>,
    pub chrome: Option<Token<'a>>,
    pub last_version: Option<Token<'a>>,
    count: usize,
}

impl<'a> Findings<'a> {
    pub(super) fn hint(&mut self, hints: Hints) {
        self.hints = self.hints.and(hints);
    }

    /// Keeps a token wherever it may decide something.
    pub(super) fn token(&mut self, name: &'a str, version: Option<&'a str>) {
        let token = self.make(name, version);
        match self.count {
            0 => self.first = Some(token),
            1 => self.second = Some(token),
            _ => {}
        }
        self.count += 1;

        match name {
            "CPU OS" => keep_first(&mut self.cpu_os, token),
            "Version" => {
                keep_first(&mut self.first_version, token);
                self.last_version = Some(token);
            }
            "Chrome" => self.chrome = Some(token),
            "Firefox" | "Yahoo! Slurp" | "Silk" | "NetFront NX" | "YaBrowser" | "Edge" | "Opera" | "axios"
            | "HeadlessChrome" => keep_first(&mut self.browser, token),
            "iOS" | "ATV OS X" | "Red Hat" | "Kindle" | "Ubuntu" => keep_first(&mut self.os, token),
            "Android" => {
                keep_first(&mut self.os, token);
                self.android = Some(token);
            }
            "Chromecast" => keep_first(&mut self.os, Token { version: None, ..token }),
            _ if name.starts_with("Android") => {
                let unversioned = Token {
                    name: "Android",
                    version: None,
                    ..token
                };
                keep_first(&mut self.os, unversioned);
            }
            _ => {}
        }
    }

    /// The first certain operating system that has a version stays.
    pub(super) fn certain_os(&mut self, name: &'a str, version: Option<&'a str>) {
        if self.certain_os.is_none() && version.is_some() {
            self.certain_os = Some(self.make(name, version));
        }
    }

    /// A product that exists on one system only corrects what the agent pretends to run on.
    pub(super) fn correct_os(&mut self, name: &'a str) {
        self.certain_os = Some(self.make(name, None));
    }

    /// The last certain browser that has a version stays.
    pub(super) fn certain_browser(&mut self, name: &'a str, version: Option<&'a str>) {
        if version.is_some() {
            self.certain_browser = Some(self.make(name, version));
        }
    }

    /// A bot is certain without a version too, but only the first one counts.
    pub(super) fn bot(&mut self, name: &'a str, version: Option<&'a str>) {
        if !self.bot_seen {
            self.bot_seen = true;
            self.certain_browser = Some(self.make(name, version));
        }
    }

    fn make(&self, name: &'a str, version: Option<&'a str>) -> Token<'a> {
        Token {
            name,
            version,
            place: self.count,
        }
    }
}

fn keep_first<'a>(slot: &mut Option<Token<'a>>, token: Token<'a>) {
    if slot.is_none() {
        *slot = Some(token);
    }
}
