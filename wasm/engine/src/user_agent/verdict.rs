//! The answers: which of the findings names the operating system, and which the browser.

use super::Product;
use super::findings::{Findings, Hints, Token};
use super::version::Version;

/// The operating system: a certain one, else the earliest token that names one under the agent's hints, else what the
/// hints alone say.
pub(super) fn operating_system<'a>(findings: &Findings<'a>) -> Product<'a> {
    if let Some(os) = findings.certain_os {
        return of_token(os);
    }
    let hints = findings.hints;
    let ios = |token: Token<'a>| Token { name: "iOS", ..token };
    let cpu_os = findings.cpu_os.filter(|_| hints.has(Hints::IOS));
    let version = findings
        .first_version
        .filter(|_| hints.has(Hints::IOS.and(Hints::MACOS)));
    let earliest = [findings.os, cpu_os.map(ios), version.map(ios)]
        .into_iter()
        .flatten()
        .min_by_key(|token| token.place);
    if let Some(os) = earliest {
        return of_token(os);
    }
    const HINTED: [(Hints, &str); 4] = [
        (Hints::IOS, "iOS"),
        (Hints::MACOS, "Mac OS X"),
        (Hints::WINDOWS, "Windows"),
        (Hints::LINUX, "Linux"),
    ];
    let hinted = HINTED.iter().find(|(hint, _)| hints.has(*hint));
    unversioned(hinted.map_or("Other", |&(_, name)| name))
}

/// The browser: a certain one, else the first product that is one, else what the engines and hints suggest.
pub(super) fn browser<'a>(findings: &Findings<'a>) -> Product<'a> {
    if let Some(browser) = findings.certain_browser {
        return of_token(browser);
    }
    let hints = findings.hints;
    if let Some(token) = findings.browser {
        return named_browser(token, hints);
    }
    if let Some(chrome) = findings.chrome {
        return chrome_engine(chrome, findings);
    }
    if let Some(android) = findings.android {
        return of_token(android);
    }
    if let Some(app) = findings.first.filter(|_| hints.has(Hints::CFNETWORK)) {
        return cfnetwork_app(app, findings.second);
    }
    if hints.has(Hints::SAFARI) {
        // A Mac that says `Mobile` is a Mac all the same.
        let mobile = hints.has(Hints::MOBILE) && !hints.has(Hints::MACOS);
        return Product {
            name: if mobile { "Mobile Safari" } else { "Safari" },
            version: findings.last_version.map_or(Version::unknown(), own_version),
        };
    }
    unversioned(if hints.has(Hints::IOS) {
        "Mobile Safari UI/WKWebView"
    } else if hints.has(Hints::CRAWLER) {
        "crawler"
    } else {
        "Other"
    })
}

fn named_browser(token: Token<'_>, hints: Hints) -> Product<'_> {
    let mobile = hints.has(Hints::MOBILE);
    let name = match token.name {
        "Yahoo! Slurp" => return unversioned("Yahoo! Slurp"),
        "Silk" if hints.has(Hints::PLAYSTATION) => return unversioned("NetFront NX"),
        "Silk" => "Amazon Silk",
        "YaBrowser" => "Yandex Browser",
        "Firefox" if mobile => "Firefox Mobile",
        "Edge" if mobile => "Edge Mobile",
        "Opera" if mobile => "Opera Mobile",
        same => same,
    };
    Product {
        name,
        version: own_version(token),
    }
}

/// Chrome itself, or one of the things that are built on its engine.
fn chrome_engine<'a>(chrome: Token<'a>, findings: &Findings<'a>) -> Product<'a> {
    let hints = findings.hints;
    let name = if findings.last_version.is_some() {
        "Chrome Mobile WebView"
    } else if chrome.version.is_some() && hints.has(Hints::MOBILE) && !hints.has(Hints::HUAWEI) {
        "Chrome Mobile"
    } else if let (None, Some(android)) = (chrome.version, findings.android) {
        return of_token(android);
    } else {
        "Chrome"
    };
    Product {
        name,
        version: own_version(chrome),
    }
}

/// Apple's network library is used by the app that the agent begins with, or by an extension in its service.
fn cfnetwork_app<'a>(app: Token<'a>, second: Option<Token<'a>>) -> Product<'a> {
    if app.name != "NetworkingExtension" {
        return of_token(app);
    }
    Product {
        name: "CFNetwork",
        version: second.map_or(Version::unknown(), own_version),
    }
}

fn of_token(token: Token<'_>) -> Product<'_> {
    Product {
        name: token.name,
        version: own_version(token),
    }
}

/// The version rules go by the name that the token has, not by the one that is reported.
fn own_version(token: Token<'_>) -> Version<'_> {
    Version::read(token.name, token.version)
}

fn unversioned(name: &str) -> Product<'_> {
    Product {
        name,
        version: Version::unknown(),
    }
}
