use assert_cmd::Command;

#[test]
fn needs_columns() {
    Command::cargo_bin("csvcut").unwrap().arg("x.csv").assert().failure();
}
