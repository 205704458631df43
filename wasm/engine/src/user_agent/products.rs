//! Products that are known by name: the part of a word before `/` or `:`.

use super::findings::Hints;

/// What a product says.
#[derive(Clone, Copy)]
pub(super) enum Says {
    /// It is kept as a token of this name.
    Token(&'static str),
    /// It settles the browser.
    Browser(&'static str),
    /// It settles the browser, and a Mac is in truth an iPad or iPhone that asked for the desktop page.
    BrowserOfIos(&'static str),
    /// It settles the browser and the operating system.
    Device(&'static str),
    /// It settles that the operating system is this one.
    CorrectsOs(&'static str),
    /// Only its hints count.
    Nothing,
}

use Says::{Browser, BrowserOfIos, CorrectsOs, Device, Nothing, Token};

/// Name in the agent, what it says, its hints.
type Product = (&'static str, Says, Hints);

static PRODUCTS: &[Product] = &[
    ("Kindle", Device("Kindle"), Hints::NONE),
    ("FxiOS", Browser("Firefox iOS"), Hints::NONE),
    ("EdgiOS", BrowserOfIos("Edge Mobile"), Hints::NONE),
    ("CriOS", BrowserOfIos("Chrome Mobile iOS"), Hints::IOS),
    ("GSA", Browser("Google"), Hints::NONE),
    ("YisouSpider", Browser("YisouSpider"), Hints::NONE),
    ("Edg", Token("Edge"), Hints::NONE),
    ("OPR", Token("Opera"), Hints::NONE),
    ("SamsungBrowser", Browser("Samsung Internet"), Hints::NONE),
    ("HuaweiBrowser", Token("HuaweiBrowser"), Hints::HUAWEI),
    ("ChatGPT-User", Browser("ChatGPT-User"), Hints::NONE),
    ("OAI-SearchBot", Browser("OAI-SearchBot"), Hints::NONE),
    ("NX", Browser("NetFront NX"), Hints::NONE),
    ("Electron", Browser("Electron"), Hints::NONE),
    ("IEMobile", Browser("IE Mobile"), Hints::NONE),
    ("Mobile", Token("Mobile"), Hints::MOBILE),
    ("Safari", Token("Safari"), Hints::SAFARI),
    ("CFNetwork", Nothing, Hints::CFNETWORK.and(Hints::IOS)),
    ("OculusBrowser", CorrectsOs("Android"), Hints::NONE),
];

/// The bytes that names of products begin with, so that most words are not compared with any.
static INITIALS: [bool; 256] = {
    let mut initials = [false; 256];
    let mut index = 0;
    while index < PRODUCTS.len() {
        initials[PRODUCTS[index].0.as_bytes()[0] as usize] = true;
        index += 1;
    }
    initials
};

/// The product that is known by this name.
pub(super) fn product(name: &str) -> Option<&'static Product> {
    let initial = *name.as_bytes().first()?;
    if !INITIALS[usize::from(initial)] {
        return None;
    }
    PRODUCTS.iter().find(|(known, ..)| *known == name)
}

/// Whether a product that is not known by name calls itself a bot.
pub(super) fn calls_itself_bot(name: &str) -> bool {
    // Compared as bytes: a search for a string sets itself up anew each time, which took most of a parse.
    let bytes = name.as_bytes();
    bytes.iter().enumerate().any(|(at, byte)| match byte {
        b'b' | b'B' => bytes[at + 1..].starts_with(b"ot"),
        b'c' | b'C' => bytes[at + 1..].starts_with(b"rawler"),
        _ => false,
    })
}

/// Whether what follows a product's name says that it crawls, as in `compatible:crawler`.
pub(super) fn names_crawler(version: &str) -> bool {
    version.as_bytes().windows(7).any(|part| part == b"crawler")
}
