//! Names that want to be more than names.

use super::*;

#[cfg(unix)]
#[test]
fn hostile_names_are_only_names() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let hostile = b"\xff\"'&#?%41<img src=x onerror=hacked()><script>hacked()<!--.flac";
    let recording = folder.path().join(OsStr::from_bytes(hostile));
    std::fs::copy(programme(), &recording).unwrap();
    let page = folder.path().join("page.html");
    let against = folder.path().join("list.csv");
    std::fs::write(
        &against,
        "start,end,label\n1,2,</script><script>hacked()</script>\n3,4,<img src=x onerror=hacked()>\n",
    )
    .unwrap();
    let mut command = crate::support::earmark(["tag", "--report"]);
    command
        .arg(&page)
        .arg("--against")
        .arg(&against)
        .arg("-o")
        .arg(folder.path().join("x.csv"))
        .arg(&recording);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let Some(mut browser) = Browser::start() else { return };
    browser.screen(DESKTOP.0, DESKTOP.1, "light");
    browser.open(&url_of(&page));
    browser.wait_for("window.earmark && document.getElementById('audio').readyState >= 1");
    let title = browser.text("document.getElementById('title').textContent");
    assert!(
        title.contains("<img src=x onerror=hacked()><script>hacked()") && title.contains('\u{fffd}'),
        "{title}"
    );
    assert_eq!(browser.value("document.images.length"), 0);
    let gutter = browser.text("document.getElementById('gutter').textContent");
    assert!(gutter.contains("</script><script>hacked()</script>"), "{gutter}");
    // Typed in, too.
    browser.key("n");
    browser.value("document.getElementById('edit-label').value = '<img src=x onerror=hacked()>'");
    browser.value("document.getElementById('edit-label').dispatchEvent(new Event('change'))");
    assert_eq!(browser.value("document.images.length"), 0);
    // A call would have been a complaint: there is no such function. Nor does the policy let anything else in.
    assert!(browser.complaints.is_empty(), "{:?}", browser.complaints);
    let refused = "new Promise((done) => { document.addEventListener('securitypolicyviolation', (e) => done(e.effectiveDirective)); \
        const s = document.createElement('script'); s.textContent = 'window.hackedIn = true'; document.body.append(s); })";
    assert_eq!(browser.value(refused), "script-src-elem");
    assert_eq!(browser.value("window.hackedIn === undefined"), true);
}
