//! Flags over environment over file over default.

use super::run::Desk;

/// Which of the files the job went into, when it is made with these arguments.
async fn where_it_goes(desk: &Desk, args: &[&str]) -> String {
    desk.done(&[&["jobs", "create", "a"], args].concat()).await;
    let names = ["flag.db", "environment.db", "file.db", "callsheet.db"];
    let made: Vec<_> = names
        .into_iter()
        .filter(|name| desk.path(name).exists())
        .collect();
    assert_eq!(made.len(), 1, "{made:?}");
    made[0].to_owned()
}

fn with_file() -> (Desk, String) {
    let desk = Desk::new();
    let file = desk.file("callsheet.toml", "database_url = \"sqlite://file.db\"\n");
    (desk, file)
}

#[tokio::test]
async fn without_any_setting_the_database_is_in_this_folder() {
    assert_eq!(where_it_goes(&Desk::new(), &[]).await, "callsheet.db");
}

#[tokio::test]
async fn the_file_goes_over_the_default() {
    let (desk, file) = with_file();
    assert_eq!(where_it_goes(&desk, &["--config", &file]).await, "file.db");
    let (desk, file) = with_file();
    assert_eq!(
        where_it_goes(&desk.with("CALLSHEET_CONFIG", &file), &[]).await,
        "file.db"
    );
}

#[tokio::test]
async fn the_environment_goes_over_the_file() {
    let (desk, file) = with_file();
    let desk = desk.with("CALLSHEET_DATABASE_URL", "sqlite://environment.db");
    assert_eq!(
        where_it_goes(&desk, &["--config", &file]).await,
        "environment.db"
    );
}

#[tokio::test]
async fn a_flag_goes_over_all() {
    let (desk, file) = with_file();
    let desk = desk.with("CALLSHEET_DATABASE_URL", "sqlite://environment.db");
    assert_eq!(
        where_it_goes(
            &desk,
            &["--config", &file, "--database-url", "sqlite://flag.db"]
        )
        .await,
        "flag.db"
    );
}

#[tokio::test]
async fn a_flag_may_stand_before_the_command_and_behind_it() {
    let desk = Desk::new();
    desk.done(&["--database-url", "sqlite://flag.db", "jobs", "create", "a"])
        .await;
    desk.done(&["jobs", "--database-url", "sqlite://flag.db", "create", "a"])
        .await;
    let list = desk
        .json(&[
            "jobs",
            "list",
            "--json",
            "--database-url",
            "sqlite://flag.db",
        ])
        .await;
    assert_eq!(list["pagination"]["total"], 2);
}
