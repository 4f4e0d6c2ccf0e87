// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! Any sequence of calls, beside a model: a list of lists.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};

use common::{image, shown};
use jitdebug::{Options, Registration, Status};
use proptest::collection::vec;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Call {
    Register,
    TryRegister,
    Copy,
    Batch(usize),
    BatchCopy(usize),
    Opaque(Vec<u8>),
    /// An image that is cut off.
    Bad(usize),
    /// A batch in which this one is bad.
    BadBatch(usize, usize),
    Drop(usize),
    /// The newest ones are alive while their owner panics.
    Panic(usize),
    Look(usize),
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = prop_oneof![
        4 => Just(Call::Register),
        1 => Just(Call::TryRegister),
        2 => Just(Call::Copy),
        2 => (0..6_usize).prop_map(Call::Batch),
        2 => (0..6_usize).prop_map(Call::BatchCopy),
        1 => vec(any::<u8>(), 0..40).prop_map(Call::Opaque),
        1 => (0..300_usize).prop_map(Call::Bad),
        1 => (1..5_usize).prop_flat_map(|n| (Just(n), 0..n)).prop_map(|(n, i)| Call::BadBatch(n, i)),
        6 => any::<usize>().prop_map(Call::Drop),
        1 => (0..4_usize).prop_map(Call::Panic),
        2 => any::<usize>().prop_map(Call::Look),
    ];
    vec(call, 1..60)
}

/// The registrations that are alive, and what they should show.
#[derive(Default)]
struct World {
    serial: u64,
    alive: Vec<(Registration, Vec<Vec<u8>>)>,
}

impl World {
    fn image(&mut self) -> Vec<u8> {
        self.serial += 1;
        image(self.serial)
    }

    fn images(&mut self, count: usize) -> Vec<Vec<u8>> {
        (0..count).map(|_| self.image()).collect()
    }

    fn expect(&mut self, result: Result<Registration, jitdebug::Error>, images: Vec<Vec<u8>>) {
        let expected = images.first().is_some_and(|image| !image.is_empty());
        match result {
            Ok(registration) => {
                assert!(expected);
                self.alive.push((registration, images));
            }
            Err(error) => {
                assert!(!expected, "{error}");
                assert_eq!(error.status(), Status::Argument);
            }
        }
    }

    fn call(&mut self, call: Call) {
        match call {
            Call::Register => {
                let image = self.image();
                self.expect(Registration::register(image.clone()), vec![image]);
            }
            Call::TryRegister => {
                let image = self.image();
                self.expect(Registration::try_register(image.clone()), vec![image]);
            }
            Call::Copy => {
                let image = self.image();
                self.expect(Registration::register_copy(&image), vec![image]);
            }
            Call::Batch(count) => {
                let images = self.images(count);
                self.expect(Registration::register_batch(images.clone()), images);
            }
            Call::BatchCopy(count) => {
                let images = self.images(count);
                self.expect(Registration::register_batch_copy(&images), images);
            }
            Call::Opaque(bytes) => {
                self.expect(Options::new().opaque(true).register(bytes.clone()), vec![bytes]);
            }
            Call::Bad(size) => {
                let bad = self.image()[..size].to_vec();
                let error = Registration::register(bad.clone()).expect_err("a bad image");
                assert_eq!(error.into_image(), Some(bad));
            }
            Call::BadBatch(count, which) => {
                let mut images = self.images(count);
                images[which].truncate(100);
                let error = Registration::register_batch(images.clone()).expect_err("a bad image");
                assert_eq!(error.status(), Status::Image);
                assert_eq!(error.into_images(), images);
            }
            Call::Drop(which) => {
                if !self.alive.is_empty() {
                    let which = which % self.alive.len();
                    drop(self.alive.remove(which));
                }
            }
            Call::Panic(count) => {
                let lost = self.alive.split_off(self.alive.len().saturating_sub(count));
                let panicked = catch_unwind(AssertUnwindSafe(move || {
                    let _lost = lost;
                    std::panic::resume_unwind(Box::new(()))
                }));
                assert!(panicked.is_err());
            }
            Call::Look(which) => {
                if !self.alive.is_empty() {
                    let (registration, images) = &self.alive[which % self.alive.len()];
                    assert!(registration.images().eq(images));
                }
            }
        }
    }

    /// The newest first.
    fn expected(&self) -> Vec<Vec<u8>> {
        self.alive.iter().rev().flat_map(|(_, images)| images.iter().rev().cloned()).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_list_is_the_models(calls in calls()) {
        let mut world = World::default();
        for call in calls {
            world.call(call);
            prop_assert_eq!(shown(), world.expected());
        }
        drop(world);
        prop_assert_eq!(shown(), Vec::<Vec<u8>>::new());
    }
}
