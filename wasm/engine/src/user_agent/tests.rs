use super::*;

/// `os version | browser version` of an agent.
fn read(agent: &str) -> String {
    let parsed = parse(agent).expect("a short agent");
    let text = |field| parsed.text(field, &mut [0; TEXT_BYTES]).to_owned();
    let [os, os_version] = [UserAgentField::OsName, UserAgentField::OsVersion].map(text);
    let [browser, version] = [UserAgentField::BrowserName, UserAgentField::BrowserVersion].map(text);
    format!("{os} {os_version} | {browser} {version}")
}

/// Checks pairs of an agent and what it is read as. The expectations are what Statsig's engine 0.23.2 answers.
fn check(cases: &[(&str, &str)]) {
    for (agent, expected) in cases {
        assert_eq!(read(agent), *expected, "{agent:?}");
    }
}

#[test]
fn fields_have_two_spellings_in_any_case() {
    for (name, field) in [
        ("os_name", UserAgentField::OsName),
        ("osName", UserAgentField::OsName),
        ("OS_VERSION", UserAgentField::OsVersion),
        ("osversion", UserAgentField::OsVersion),
        ("Browser_Name", UserAgentField::BrowserName),
        ("browserName", UserAgentField::BrowserName),
        ("browser_version", UserAgentField::BrowserVersion),
        ("BROWSERVERSION", UserAgentField::BrowserVersion),
    ] {
        assert_eq!(UserAgentField::from_name(name), Some(field), "{name}");
    }
    for name in ["", "os", "os-name", "osname ", "browser", "device"] {
        assert_eq!(UserAgentField::from_name(name), None, "{name}");
    }
}

#[test]
fn agents_of_more_than_a_thousand_bytes_have_no_value() {
    assert!(parse(&"é".repeat(500)).is_some());
    assert!(parse(&format!("{}x", "é".repeat(500))).is_none());
}

#[test]
fn an_agent_that_says_nothing_is_other() {
    check(&[
        ("", "Other 0.0.0 | Other 0.0.0"),
        (" ;; ;", "Other 0.0.0 | Other 0.0.0"),
        ("[Firefox/3]", "Other 0.0.0 | Other 0.0.0"),
    ]);
}

#[test]
fn a_number_belongs_to_the_mark_before_it() {
    check(&[
        ("Mac OS X 12.1", "Mac OS X 12.1 | Other 0.0.0"),
        ("Mac OS 12.1", "Mac OS X 12.1 | Other 0.0.0"),
        ("Windows NT;6.1", "Windows 7 | Other 0.0.0"),
        ("Windows  NT 6.1", "Windows 0.0.0 | Other 0.0.0"),
        ("Windows\tNT 6.1", "Windows 7 | Other 0.0.0"),
        ("Windows XP", "Windows 0.0.0 | Other 0.0.0"),
        ("CrOS x86_64 1.2", "Chrome OS 1.2 | Other 0.0.0"),
        ("MSIE 9.0", "Other 0.0.0 | IE 9.0"),
        ("MSIE x", "Other 0.0.0 | Other 0.0.0"),
    ]);
}

#[test]
fn some_marks_swallow_the_word_after_them() {
    check(&[
        ("iOS Chrome/3", "iOS 0.0.0 | Mobile Safari UI/WKWebView 0.0.0"),
        ("iOS 5 Chrome/3", "iOS 5 | Mobile Safari UI/WKWebView 0.0.0"),
        ("iOS 5 x Chrome/3", "iOS 5 | Chrome 3"),
        ("AppleTV Chrome/3", "ATV OS X 0.0.0 | Other 0.0.0"),
        ("like Mac OS Chrome/3", "Other 0.0.0 | Other 0.0.0"),
        ("CrOS Chrome/3", "Other 0.0.0 | Other 0.0.0"),
    ]);
}

#[test]
fn the_first_certain_system_and_the_last_certain_browser_stay() {
    check(&[
        ("Android 5.1 Windows NT 10.0", "Android 5.1 | Android 5.1"),
        ("GSA/1 FxiOS/2", "Other 0.0.0 | Firefox iOS 2"),
        ("Intel Mac OS X 10_15 CriOS/3", "iOS 0.0.0 | Chrome Mobile iOS 3"),
        ("Linux OculusBrowser/3", "Android 0.0.0 | Other 0.0.0"),
    ]);
}

#[test]
fn the_first_bot_wins_unless_a_certain_browser_follows() {
    check(&[
        ("GSA/1 xbot bingbot/2", "Other 0.0.0 | xbot 0.0.0"),
        ("xbot GSA/1 bingbot/2", "Other 0.0.0 | Google 1"),
        ("Better Uptime Bot Googlebot/1", "Other 0.0.0 | Better Uptime Bot 0.0.0"),
        ("AdsBot-Google-Mobile", "Other 0.0.0 | AdsBot-Google 0.0.0"),
        ("AndroidBot/1", "Other 0.0.0 | AndroidBot 1"),
        ("foo/crawler", "Other 0.0.0 | crawler 0.0.0"),
        ("OculusBrowser/crawler", "Other 0.0.0 | crawler 0.0.0"),
    ]);
}

#[test]
fn hints_after_a_product_change_its_name() {
    check(&[
        ("Firefox/3 Mobile", "Other 0.0.0 | Firefox Mobile 3"),
        ("Edg/3 Mobile/15", "Other 0.0.0 | Edge Mobile 3"),
        ("Silk/2 PlayStation", "Other 0.0.0 | NetFront NX 0.0.0"),
        ("CPU OS 6_1 iPad", "iOS 6.1 | Mobile Safari UI/WKWebView 0.0.0"),
        ("CPU OS 6_1", "Other 0.0.0 | Other 0.0.0"),
    ]);
}

#[test]
fn chrome_goes_by_what_stands_around_it() {
    check(&[
        ("Chrome/3 Safari/1", "Other 0.0.0 | Chrome 3"),
        ("Chrome/3 Version/5", "Other 0.0.0 | Chrome Mobile WebView 3"),
        ("Chrome/3 Mobile", "Other 0.0.0 | Chrome Mobile 3"),
        ("Chrome/3 Mobile HuaweiBrowser/1", "Other 0.0.0 | Chrome 3"),
        ("Chrome Android 5.1", "Android 5.1 | Android 5.1"),
    ]);
}

#[test]
fn an_app_on_cfnetwork_is_the_first_product() {
    check(&[
        ("App/1.2 Foo/3 CFNetwork/4", "iOS 0.0.0 | App 1.2"),
        ("NetworkingExtension/8 Foo/2 CFNetwork/1", "iOS 0.0.0 | CFNetwork 2"),
        ("NetworkingExtension/8 CFNetwork/1", "iOS 0.0.0 | CFNetwork 0.0.0"),
        ("CFNetwork/1", "iOS 0.0.0 | Mobile Safari UI/WKWebView 0.0.0"),
        ("iPad6,11iPad3 CFNetwork/1", "iOS 0.0.0 | iPad 6.11"),
    ]);
}

#[test]
fn safari_has_the_number_of_its_version_token() {
    check(&[
        ("Version/16.6 Mobile/15E Safari/604", "Other 0.0.0 | Mobile Safari 16.6"),
        (
            "Mac OS X 10 Version/16.6 Mobile/15E Safari/604",
            "Mac OS X 10 | Safari 16.6",
        ),
        ("Safari/604", "Other 0.0.0 | Safari 0.0.0"),
    ]);
}
