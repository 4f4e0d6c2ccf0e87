// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! Registrations from before a fork, in the child. Alone in its program: a child has
//! the list as it was.

mod common;

use common::{image, list, shown};
use jitdebug::{Registration, Status};

/// Runs a function in a forked child; it says whether all was well there.
fn child(well: impl FnOnce() -> bool) {
    // SAFETY: the child's one thread does not return from here, whatever happens.
    unsafe {
        let child = libc::fork();
        assert!(child >= 0, "fork");
        if child == 0 {
            let well = std::panic::catch_unwind(std::panic::AssertUnwindSafe(well));
            libc::_exit(if well.unwrap_or_default() { 0 } else { 1 });
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
        assert_eq!(status, 0, "the child was not well");
    }
}

#[test]
fn what_is_dropped_in_a_child_stays_with_its_parent() {
    let owned = Registration::register(image(1)).expect("a good image");
    let copied = Registration::register_copy(&image(2)).expect("a good image");
    let batch = Registration::register_batch(vec![image(3), image(4)]).expect("good images");
    let before = list();
    assert_eq!(shown(), [image(4), image(3), image(2), image(1)]);

    let (mut owned, mut copied, mut batch) = (Some(owned), Some(copied), Some(batch));
    child(|| {
        drop(owned.take());
        let after_one = shown() == [image(4), image(3), image(2)];
        drop(copied.take());
        let own = Registration::register(image(5)).expect("in a child as anywhere");
        let after_another = shown() == [image(5), image(4), image(3)];
        drop(batch.take());
        drop(own);
        after_one && after_another && list().is_empty()
    });
    assert_eq!(list(), before);

    // Where the library cannot run, what is dropped stays on the child's list, and
    // can be read: it was not freed.
    child(|| {
        let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: reads what it is given.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const none) }, 0);
        let error = Registration::register(image(5)).expect_err("it needs a file");
        drop((owned.take(), copied.take(), batch.take()));
        let noise: Vec<_> = (10..100).map(image).collect(); // where it would have been
        let stays = list() == before;
        drop(noise);
        stays && error.status() == Status::Forked && error.into_image() == Some(image(5))
    });
    assert_eq!(list(), before);
    drop((owned, copied, batch));
    assert_eq!(list(), []);
}
