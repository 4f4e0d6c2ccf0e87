// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! What wasmtime's crate does with an image, done here: on the library's list.
#![cfg(feature = "gdb_jit_int")]

#[path = "../../jitdebug/tests/common/mod.rs"]
mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use common::{alone, image, list, shown};
use jitdebug_wasmtime::gdb_jit_int::GdbJitImageRegistration;

#[test]
fn registered_shown_and_dropped() {
    let _alone = alone();
    let first = GdbJitImageRegistration::register(image(1));
    let second = GdbJitImageRegistration::register(image(2));
    assert_eq!(first.file(), image(1));
    assert_eq!(shown(), [image(2), image(1)]);
    drop(first);
    assert_eq!(list(), [(second.file().as_ptr(), image(2))]);
    thread::spawn(move || drop(second)).join().expect("no panic");
    assert_eq!(list(), []);
}

#[test]
fn whatever_is_in_it() {
    let _alone = alone();
    for bytes in [b"\x7fELF, cut off".to_vec(), vec![0], vec![0xff; 5000]] {
        let registration = GdbJitImageRegistration::register(bytes.clone());
        assert_eq!(registration.file(), bytes);
        assert_eq!(shown(), [bytes]);
    }
    let empty = GdbJitImageRegistration::register(Vec::new());
    assert_eq!(empty.file(), b"");
    assert_eq!(list(), []);
}

/// Without std the crate that this stands in for panics here; with std a panic
/// under its lock poisons it.
#[test]
fn contention_waits_and_panics_poison_nothing() {
    let _alone = alone();
    thread::scope(|scope| {
        for number in 0..16 {
            scope.spawn(move || {
                for serial in number * 1000..number * 1000 + 1000 {
                    let registration = GdbJitImageRegistration::register(image(serial));
                    assert_eq!(registration.file(), image(serial));
                }
            });
        }
    });
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _lost = GdbJitImageRegistration::register(image(3));
        std::panic::resume_unwind(Box::new(()));
    }));
    assert!(panicked.is_err());
    assert_eq!(list(), []);
    drop(GdbJitImageRegistration::register(image(4)));
    assert_eq!(list(), []);
}
