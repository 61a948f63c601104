//! House rules that neither rustc nor clippy knows.

use xtask::lengths::functions;
use xtask::tidy::{
    LINES_MAX, SourceFile, file_violations, lint_violations, takes_workspace_lints, tracked,
};
use xtask::workspace::Workspace;

fn check(path: &str, text: &str) -> Vec<String> {
    file_violations(&SourceFile { path: path.to_owned(), text: text.to_owned() })
}

#[test]
fn the_house_is_tidy() {
    let workspace = Workspace::load().unwrap();
    let files = tracked(&workspace.root).unwrap();
    assert!(files.len() > 50, "git lost the files");
    let mut complaints: Vec<String> = files.iter().flat_map(file_violations).collect();
    complaints.extend(lint_violations(&workspace.root, &workspace.packages).unwrap());
    assert_eq!(complaints, Vec::<String>::new());
}

#[test]
fn unfinished_code_is_found_in_rust_alone() {
    // Put together, so that this file is tidy itself.
    let unfinished = format!("    to{}()", "do!");
    assert_eq!(check("host/a.rs", &unfinished).len(), 1);
    assert_eq!(check("host/a.rs", &unfinished.replace("to", "into")).len(), 0);
    assert_eq!(check("docs/a.md", &unfinished).len(), 0);
}

#[test]
fn folders_of_one_machine_are_found() {
    let (home, work) = (format!("/ro{}", "ot/.cache"), format!("/wo{}", "rk/main"));
    let complaint = format!("a.md:1: `{}` is a folder of one machine", &home[..6]);
    assert_eq!(check("a.md", &format!("see {home}")), [complaint]);
    assert_eq!(check("a.sh", &format!("x\ncd {work}")).len(), 1);
    assert_eq!(check("a.md", &format!("https://example.org/net{work}")).len(), 0);
    assert_eq!(check("a.sh", &format!("$HOME{work} ${{HOME}}{work}")).len(), 0);
}

#[test]
fn registry_hosts_are_found() {
    let url = format!("https://registry.{}/left-pad", "npmjs.org");
    assert_eq!(check("package-lock.json", &url).len(), 1);
    assert_eq!(check("README.md", "https://crates.io/crates/sled").len(), 0);
}

#[test]
fn files_have_an_end() {
    let longest = "//\n".repeat(LINES_MAX);
    assert!(check("host/a.rs", &longest).is_empty());
    let longer = longest + "//\n";
    assert_eq!(
        check("host/a.rs", &longer),
        [format!("host/a.rs: {} lines, at most {LINES_MAX}", LINES_MAX + 1)]
    );
    assert!(check("host/a.snap", &longer).is_empty(), "not code");
    assert!(check("tests/a.rs", &longer).is_empty(), "not shipped");
}

#[test]
fn lints_come_from_the_workspace_in_either_spelling() {
    assert!(takes_workspace_lints("[package]\nname = \"a\"\n[lints]\nworkspace = true\n"));
    assert!(takes_workspace_lints("[package]\nlints.workspace = true # all\n"));
    assert!(!takes_workspace_lints("[package]\n[lints.rust]\nunsafe_code = \"deny\"\n"));
    assert!(!takes_workspace_lints("[dependencies.a]\nworkspace = true\n"));
}

#[test]
fn functions_are_measured_from_name_to_brace() {
    let text = "\
trait A {
    fn declared(
        &self,
    ) -> u8;
    fn one_line(&self) -> u8 { 1 }
    pub(crate) const fn three(&self) -> u8 {
        1
    }
}

async fn four<T>(
) -> T {
    loop {}
}
";
    let found: Vec<_> = functions(text).into_iter().map(|f| (f.name, f.line, f.lines)).collect();
    assert_eq!(found, [("three".to_owned(), 6, 3), ("four".to_owned(), 11, 4)]);
}
