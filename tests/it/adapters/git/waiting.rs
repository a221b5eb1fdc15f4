//! A wait for another process that fetches into the mirror does not block other tasks.

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent_loop::adapters::git::WaitNotice;
use agent_loop::ports::workspace::Workspace;

use super::scene::Scene;

/// Another process's lock of the mirror. A thread releases it in the end, so that a blocking test fails.
struct Held {
    file: Arc<Mutex<Option<File>>>,
    had_to_let_go: Arc<AtomicBool>,
}

impl Held {
    fn of(scene: &Scene) -> Self {
        let lock = File::options().write(true).open(scene.outside("state/mirror.git.lock")).unwrap();
        lock.lock().unwrap();
        let file = Arc::new(Mutex::new(Some(lock)));
        let had_to_let_go = Arc::new(AtomicBool::new(false));
        let (watched, word) = (Arc::clone(&file), Arc::clone(&had_to_let_go));
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_secs(20));
            if watched.lock().unwrap().take().is_some() {
                word.store(true, Ordering::SeqCst);
            }
        });
        Self { file, had_to_let_go }
    }

    fn let_go(&self) {
        self.file.lock().unwrap().take();
        assert!(!self.had_to_let_go.load(Ordering::SeqCst), "nothing else went on meanwhile");
    }
}

#[tokio::test]
async fn waiting_names_the_holder() {
    let scene = Scene::new().await;
    std::fs::write(scene.outside("state/mirror.git.lock"), "4711").unwrap();
    let held = Held::of(&scene);
    let (say, mut said) = tokio::sync::mpsc::unbounded_channel();
    let notice = WaitNotice::new(move |text| say.send(text).unwrap());
    let workspace = scene.again().with_wait_notice(notice);
    let others = async {
        let text = said.recv().await.unwrap();
        held.let_go();
        text
    };
    let (refreshed, text) = tokio::join!(workspace.refresh(), others);
    refreshed.unwrap();
    assert!(text.contains("process 4711"), "{text}");
}

#[tokio::test]
async fn dropped_waits_end() {
    let scene = Scene::new().await;
    let held = Held::of(&scene);
    tokio::select! {
        biased;
        refreshed = scene.workspace.refresh() => panic!("it is held: {refreshed:?}"),
        () = tokio::task::yield_now() => held.let_go(),
    }
    scene.workspace.refresh().await.unwrap();
    let holder = std::fs::read_to_string(scene.outside("state/mirror.git.lock")).unwrap();
    assert_eq!(holder, std::process::id().to_string(), "the next one can say for whom it waits");
}
