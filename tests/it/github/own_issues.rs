//! Issues of this login are found with few calls, also where it has filed thousands.

use agent_loop::ports::forge::Forge;

use super::stage::Stage;

#[tokio::test]
#[ignore = "needs gh"]
async fn thousands_of_issues_cost_little() {
    let stage = Stage::new();
    {
        let mut model = stage.github.state();
        let ada = model.people.values().find(|one| one.login == "ada").unwrap().id;
        let bob = model.person("bob", crate::github_model::Role::Write);
        model.file(ada, ("Read \"it\" first", "<!-- key-old -->"), None);
        for number in 0..10_000 {
            let title = format!("Number {number}");
            model.file(if number % 2 == 0 { ada } else { bob }, (&title, ""), None);
        }
        model.file(ada, ("Write it", "<!-- key-new -->"), None);
    }
    let forge = stage.forge().await.unwrap();
    for (key, title, expected, most) in [
        ("key-new", "Any", Some(10_002), 3),
        ("key-old", "Read \"it\" first", Some(1), 4),
        ("key-none", "Read", None, 4),
    ] {
        stage.github.calls();
        let found = forge.own_issues(key, title).await.unwrap();
        assert_eq!(found.first().map(|one| one.number.0), expected, "{key}");
        let calls = stage.github.calls();
        assert!(calls.len() <= most, "{key}: {calls:?}");
    }
}
