// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! What starts before the first registration: nothing. Alone in its program: another
//! test would register.

mod common;

use common::image;
use jitdebug::Registration;

/// How many of the library's threads there are.
fn started() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("/proc");
    let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm"));
    tasks
        .filter_map(|task| name(task.expect("a task")).ok())
        .filter(|name| name.trim() == "libjitdebug")
        .count()
}

#[test]
fn nothing_starts_before_the_first_registration() {
    assert!(jitdebug::version().is_some());
    let _ = jitdebug::notice();
    assert_eq!(started(), 0);
    drop(Registration::register(image(1)).expect("a good image"));
    assert_eq!(started(), 3);
}
