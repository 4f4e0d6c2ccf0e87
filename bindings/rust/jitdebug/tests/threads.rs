// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! A hundred threads at once; some panic while their registrations are alive.

mod common;

use std::sync::Mutex;
use std::thread;

use common::{image, shown};
use jitdebug::{Registration, Status};

const THREADS: u64 = 100;
const ROUNDS: u64 = 200;

#[test]
fn the_list_is_whole() {
    std::panic::set_hook(Box::new(|_| {})); // those below are meant
    let survivors = Mutex::new(Vec::new());
    let shared = Registration::register(image(0)).expect("a good image");
    thread::scope(|scope| {
        let threads: Vec<_> = (1..=THREADS)
            .map(|number| {
                let (survivors, shared) = (&survivors, &shared);
                scope.spawn(move || {
                    for round in 0..ROUNDS {
                        let serial = (number * ROUNDS + round) * 4;
                        let own = Registration::register(image(serial)).expect("a good image");
                        let copy =
                            Registration::register_copy(&image(serial + 1)).expect("a good image");
                        let batch = [image(serial + 2), image(serial + 3)];
                        let batch =
                            Registration::register_batch(batch.into()).expect("good images");
                        assert_eq!(shared.image(), image(0));
                        assert_eq!(copy.image(), image(serial + 1));
                        assert!(batch.images().eq([image(serial + 2), image(serial + 3)]));
                        match Registration::try_register(image(serial)) {
                            Ok(second) => assert_ne!(second.image().as_ptr(), own.image().as_ptr()),
                            Err(error) => assert_eq!(error.status(), Status::Busy),
                        }
                        if round == ROUNDS - 1 {
                            // Dropped by another thread.
                            survivors.lock().expect("not poisoned").push((serial, own));
                            assert!(number % 3 != 0, "on purpose");
                        }
                    }
                })
            })
            .collect();
        let panicked = threads.into_iter().map(|thread| thread.join()).filter(Result::is_err);
        assert_eq!(panicked.count() as u64, THREADS / 3);
    });
    let mut survivors = survivors.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut expected: Vec<_> = survivors.iter().map(|(serial, _)| image(*serial)).collect();
    expected.push(image(0));
    let mut found = shown();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    survivors.clear();
    assert_eq!(shown(), [image(0)]);
    drop(shared);
    assert_eq!(shown(), Vec::<Vec<u8>>::new());
}
