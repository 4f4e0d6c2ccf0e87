// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! Register and unregister pairs, the library's and the crate's, and what
//! neither can be faster than.

use std::hint::black_box;
use std::time::{Duration, Instant};

use jitdebug::{Options, Registration};
use wasmtime_internal_jit_debug::gdb_jit_int::GdbJitImageRegistration;

use crate::floor::List;
use crate::library::{BORROW, Handle, Image, Library, OPAQUE};
use crate::rounds::{Item, Samples, progress, take_turns};

const ROUNDS: usize = 100;
const BLOCK: Duration = Duration::from_millis(2);

pub const THREADS: usize = 8;
const THREAD_ROUNDS: usize = 40;
const THREAD_BLOCK: Duration = Duration::from_millis(10);

pub struct Singles {
    pub copy: Samples,
    pub borrow: Samples,
    pub copy_opaque: Samples,
    pub borrow_opaque: Samples,
    pub symbols_only: Samples,
    pub safe: Samples,
    pub safe_checked: Samples,
    pub safe_copy: Samples,
    pub peer: Samples,
    pub crossing: Samples,
    pub list: Samples,
    pub memcpy: Samples,
}

pub fn singles(library: &Library, image: &[u8], symbols_only: &[u8]) -> Singles {
    progress("one image at a time");
    let list = List::default();
    let mut buffer = vec![0; image.len()];
    let single =
        |image, flags| Item::new(1, move || library.unregister(library.register(image, flags)));
    let measured = take_turns(
        &mut [
            single(image, 0),
            single(image, BORROW),
            single(image, OPAQUE),
            single(image, BORROW | OPAQUE),
            single(symbols_only, 0),
            Item::new(1, || drop(safe(OPAQUE_OPTIONS.register(image.to_vec())))),
            Item::new(1, || drop(safe(Registration::register(image.to_vec())))),
            Item::new(1, || drop(safe(OPAQUE_OPTIONS.register_copy(image)))),
            Item::new(1, || drop(GdbJitImageRegistration::register(image.to_vec()))),
            Item::new(1, || library.unregister(black_box(Handle::NULL))),
            Item::new(1, || {
                let entry = list.register(image);
                list.unregister(entry);
            }),
            Item::new(1, || black_box(&mut buffer).copy_from_slice(black_box(image))),
        ],
        ROUNDS,
        BLOCK,
    );
    let [
        copy,
        borrow,
        copy_opaque,
        borrow_opaque,
        symbols_only,
        safe,
        safe_checked,
        safe_copy,
        peer,
        crossing,
        list,
        memcpy,
    ] = measured;
    Singles {
        copy,
        borrow,
        copy_opaque,
        borrow_opaque,
        symbols_only,
        safe,
        safe_checked,
        safe_copy,
        peer,
        crossing,
        list,
        memcpy,
    }
}

const OPAQUE_OPTIONS: Options = Options::new().opaque(true);

fn safe(registered: Result<Registration, jitdebug::Error>) -> Registration {
    registered.unwrap_or_else(|error| panic!("{error}"))
}

pub struct Batches {
    pub copy: Samples,
    pub borrow: Samples,
    pub copy_opaque: Samples,
    pub symbols_only: Samples,
    pub peer: Samples,
}

/// So many images, each in a buffer of its own: a batch of the library's, and
/// one by one with the crate, which has no batches.
pub fn batches(library: &Library, image: &[u8], symbols_only: &[u8], count: usize) -> Batches {
    progress(&format!("{count} images at a time"));
    let buffers = vec![image.to_vec(); count];
    let simple_buffers = vec![symbols_only.to_vec(); count];
    let batch = |buffers: &[Vec<u8>], flags| {
        let images: Vec<_> = buffers.iter().map(|buffer| Image::of(buffer)).collect();
        Item::new(count, move || library.unregister(library.register_batch(&images, flags)))
    };
    let mut registrations = Vec::with_capacity(count);
    let [copy, borrow, copy_opaque, symbols_only, peer] = take_turns(
        &mut [
            batch(&buffers, 0),
            batch(&buffers, BORROW),
            batch(&buffers, OPAQUE),
            batch(&simple_buffers, 0),
            Item::new(count, || {
                for buffer in &buffers {
                    registrations.push(GdbJitImageRegistration::register(buffer.clone()));
                }
                registrations.clear();
            }),
        ],
        ROUNDS,
        BLOCK,
    );
    Batches { copy, borrow, copy_opaque, symbols_only, peer }
}

pub struct Together {
    pub copy: Samples,
    pub copy_opaque: Samples,
    pub peer: Samples,
}

/// Pairs from many threads at once; the time is that of all of them, divided by
/// the pairs of all of them.
pub fn threads(library: &Library, image: &[u8]) -> Together {
    progress(&format!("{THREADS} threads"));
    let [copy, copy_opaque, peer] = take_turns(
        &mut [
            together(|| library.unregister(library.register(image, 0))),
            together(|| library.unregister(library.register(image, OPAQUE))),
            together(|| drop(GdbJitImageRegistration::register(image.to_vec()))),
        ],
        THREAD_ROUNDS,
        THREAD_BLOCK,
    );
    Together { copy, copy_opaque, peer }
}

fn together<'a>(once: impl Fn() + Sync + 'a) -> Item<'a> {
    let run = move |times| {
        let barrier = std::sync::Barrier::new(THREADS);
        let thread = || {
            once(); // a thread's first call is dearer, and not meant here
            barrier.wait();
            let start = Instant::now();
            for _ in 0..times {
                once();
            }
            (start, Instant::now())
        };
        std::thread::scope(|scope| {
            let threads: [_; THREADS] = std::array::from_fn(|_| scope.spawn(thread));
            let spans = threads.map(|thread| thread.join().expect("the thread failed"));
            let start = spans.iter().map(|span| span.0).min().unwrap();
            let end = spans.iter().map(|span| span.1).max().unwrap();
            end - start
        })
    };
    Item { images: THREADS, run: Box::new(run) }
}
