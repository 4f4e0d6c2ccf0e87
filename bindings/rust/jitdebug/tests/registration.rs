// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! What a registration promises, one by one.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::{alone, image, list, shown};
use jitdebug::{Options, Registration, Status};

#[test]
fn what_is_registered_is_shown_where_it_lies() {
    let _alone = alone();
    let mut buffer = image(1);
    buffer.reserve(1000); // a buffer that is larger than what is in it
    let place = buffer.as_ptr();
    let registration = Registration::register(buffer).expect("a good image");
    assert_eq!(list(), [(place, image(1))]);
    assert_eq!(registration.image(), image(1));
    assert_eq!(registration.image().as_ptr(), place);
    assert_eq!(registration.images().len(), 1);
    let moved = Box::new(registration);
    assert_eq!(list(), [(moved.image().as_ptr(), image(1))]);
    drop(moved);
    assert_eq!(list(), []);
}

#[test]
fn a_copy_is_the_librarys() {
    let _alone = alone();
    let mut buffer = image(2);
    let registration = Registration::register_copy(&buffer).expect("a good image");
    buffer.fill(0);
    assert_eq!(registration.image(), image(2));
    assert_eq!(list(), [(registration.image().as_ptr(), image(2))]);
    drop(registration);
    assert_eq!(list(), []);
}

#[test]
fn batches_are_all_or_none() {
    let _alone = alone();
    let images: Vec<_> = (0..5).map(image).collect();
    let newest_first: Vec<_> = images.iter().rev().cloned().collect();
    for copy in [false, true] {
        let registration = if copy {
            Registration::register_batch_copy(&images)
        } else {
            Registration::register_batch(images.clone())
        };
        let registration = registration.expect("good images");
        assert!(registration.images().eq(&images));
        assert_eq!(registration.image(), images[0]);
        assert_eq!(shown(), newest_first);
    }
    assert_eq!(list(), []);

    let mut bad = images;
    bad[3] = b"not ELF".to_vec();
    let places: Vec<_> = bad.iter().map(|image| image.as_ptr()).collect();
    let error = Registration::register_batch(bad).expect_err("one is bad");
    assert_eq!(error.status(), Status::Image);
    assert!(error.to_string().contains("image 3 of 5"), "{error}");
    let back: Vec<_> = error.into_images().iter().map(|image| image.as_ptr()).collect();
    assert_eq!(back, places);
    assert_eq!(list(), []);
    let error = Registration::register_batch(Vec::new()).expect_err("none");
    assert_eq!((error.status(), error.to_string()), (Status::Argument, "count is 0".into()));
}

#[test]
fn what_is_refused_comes_back_with_a_sentence() {
    let _alone = alone();
    let mut bad = image(3);
    bad[18] = 0xff; // e_machine
    let place = bad.as_ptr();
    let error = Registration::register(bad.clone()).expect_err("another machine's");
    assert_eq!(error.status(), Status::Image);
    assert_eq!(error.status().code(), jitdebug_sys::JITDEBUG_E_IMAGE);
    assert!(error.to_string().contains("e_machine"), "{error}");
    assert!(format!("{error:?}").contains("e_machine"), "{error:?}");
    assert_eq!(error.status().to_string(), "no debugger could read this image");
    assert_eq!(error.into_image().as_ref(), Some(&bad));

    let registration = Options::new().opaque(true).register(bad).expect("nobody looks");
    assert_eq!(list().len(), 1);
    assert_eq!(registration.image().as_ptr(), place);
    drop(registration);

    let error = Registration::register(Vec::new()).expect_err("no bytes");
    assert_eq!(error.status(), Status::Argument);
    assert_eq!(error.into_image(), Some(Vec::new()));
    let error = Registration::register_copy(&[]).expect_err("no bytes");
    assert_eq!(error.status(), Status::Argument);
    assert_eq!(error.into_image(), None);
    assert_eq!(list(), []);
}

#[test]
fn a_busy_list_is_said_to_be() {
    let _alone = alone();
    let done = AtomicBool::new(false);
    let many: Vec<_> = (0..10_000).map(image).collect();
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                drop(Registration::register_batch_copy(&many).expect("good images"));
            }
        });
        let end = Instant::now() + Duration::from_secs(30);
        let mut mine = image(20_000);
        let error = loop {
            match Registration::try_register(mine) {
                Ok(registration) => mine = registration.image().to_vec(),
                Err(error) => break error,
            }
            assert!(Instant::now() < end, "never busy");
        };
        done.store(true, Ordering::Relaxed);
        assert_eq!(error.status(), Status::Busy);
        assert!(error.to_string().contains("another thread"), "{error}");
        assert_eq!(error.into_image(), Some(image(20_000)));
    });
    drop(Registration::try_register(image(4)).expect("nobody else"));
    assert_eq!(list(), []);
}

#[test]
fn a_panic_unregisters_and_poisons_nothing() {
    let _alone = alone();
    let kept = Registration::register(image(5)).expect("a good image");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _lost = Registration::register(image(6)).expect("a good image");
        let _batch = Registration::register_batch_copy(&[image(7), image(8)]).expect("good images");
        assert_eq!(list().len(), 4);
        std::panic::resume_unwind(Box::new(()));
    }));
    assert!(panicked.is_err());
    assert_eq!(shown(), [image(5)]);
    let next = Registration::register(image(9)).expect("a good image");
    assert_eq!(shown(), [image(9), image(5)]);
    drop(kept);
    drop(next);
    assert_eq!(list(), []);
}

#[test]
fn the_library_says_what_it_is() {
    assert_eq!(jitdebug::version().expect("a library").to_string(), env!("CARGO_PKG_VERSION"));
    assert_eq!(jitdebug::notice(), "");
}
