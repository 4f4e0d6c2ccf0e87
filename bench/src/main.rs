// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! Measures libjitdebug beside wasmtime's crate for the same job, in one
//! process and in turns, and prints ratios.

mod crowd;
mod floor;
mod image;
mod library;
mod loading;
mod machine;
mod pairs;
mod report;
mod rounds;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use library::Library;
use report::{Row, Table};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--load", path] => loading::child(Path::new(path)),
        ["--load-empty", path] => loading::child_with_empty(Path::new(path)),
        [path, empty, picture] => bench(Path::new(path), Path::new(empty), Path::new(picture)),
        _ => Err("usage: jitdebug-bench LIBRARY EMPTY-LIBRARY PICTURE".into()),
    };
    if let Err(error) = done {
        match error.source() {
            Some(source) => eprintln!("{error}: {source}"),
            None => eprintln!("{error}"),
        }
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn bench(path: &Path, empty: &Path, picture: &Path) -> Result<(), Box<dyn Error>> {
    let path = &path.canonicalize()?; // dlopen searches for what has no slash
    let empty = &empty.canonicalize()?;
    let machine = machine::describe();
    let loading = loading::measure(path, empty)?;
    let library = Library::load(path)?;
    let (image, symbols_only) = (image::build(), image::symbols_only());
    look(&library, &image)?;
    warm_up(&library, &image);

    let singles = pairs::singles(&library, &image, &symbols_only);
    let batches =
        [64, 1024].map(|count| (count, pairs::batches(&library, &image, &symbols_only, count)));
    let together = pairs::threads(&library, &image);
    let [few, many] = crowd::costs(&library, &image);
    rounds::progress("");

    let mut against = Table {
        title: "Register and unregister, ns an image".into(),
        columns: ["libjitdebug", "the crate"],
        rows: vec![
            Row::against("one", &singles.copy_opaque, &singles.peer, Some(5.0)),
            Row::against("one, checked: symbols", &singles.symbols_only, &singles.peer, None),
            Row::against("one, checked: and frames", &singles.copy, &singles.peer, None),
            Row::against("one, borrowed", &singles.borrow_opaque, &singles.peer, None),
            Row::against("one, borrowed, checked", &singles.borrow, &singles.peer, None),
            Row::against("one, by the Rust crate", &singles.safe, &singles.peer, None),
            Row::against("one, by it, checked", &singles.safe_checked, &singles.peer, None),
            Row::against("one, by it, copied", &singles.safe_copy, &singles.peer, None),
        ],
    };
    for (count, batch) in &batches {
        let rows = [
            ("", &batch.copy_opaque, Some(1.0)),
            (", checked: symbols", &batch.symbols_only, None),
            (", checked: and frames", &batch.copy, None),
            (", borrowed, checked", &batch.borrow, None),
        ];
        for (how, samples, limit) in rows {
            let what = format!("{count} in a batch{how}");
            against.rows.push(Row::against(&what, samples, &batch.peer, limit));
        }
    }
    for (how, samples) in [("", &together.copy_opaque), (", checked", &together.copy)] {
        let what = format!("one, {} threads at once{how}", pairs::THREADS);
        against.rows.push(Row::against(&what, samples, &together.peer, None));
    }
    let replaced = "one of a million replaced";
    against.rows.push(Row::against(replaced, &many.replace, &many.peer_replace, None));

    let crowded = Table {
        title: "Among a million live ones, ns an image".into(),
        columns: ["a million", "a thousand"],
        rows: vec![
            Row::against("one", &many.pair, &few.pair, Some(1.5)),
            Row::against("one, borrowed", &many.borrow, &few.borrow, Some(1.5)),
            Row::against("the crate: one", &many.peer_pair, &few.peer_pair, None),
            Row::against("one of them replaced", &many.replace, &few.replace, None),
            Row::against(
                "the crate: one of them replaced",
                &many.peer_replace,
                &few.peer_replace,
                None,
            ),
        ],
    };

    let limits = Table {
        title: "What the limits are, ns".into(),
        columns: ["", ""],
        rows: vec![
            Row::alone("from C to Go and back: unregister(NULL)", &singles.crossing),
            Row::alone("a bare list: malloc, copy, link, hook", &singles.list),
            Row::alone("memcpy of 1 KiB", &singles.memcpy),
        ],
    };

    let versions = format!(
        "libjitdebug {} ({}) against wasmtime-internal-jit-debug {}",
        library.version(),
        machine::go(path),
        machine::crate_version(),
    );
    println!("{versions} ({})", machine::rustc());
    println!("{machine}");
    println!(
        "The image: an ELF file of {} bytes, 4 functions with symbols and .debug_frame.\n",
        image::SIZE
    );
    for table in [&against, &crowded, &limits] {
        println!("{}", table.text());
    }
    print_loading(&loading);
    println!(
        "The crate does not look into images: the rows that are compared with it do not either\n\
         (JITDEBUG_OPAQUE). Those that say checked show what the checks add, by what they look at.\n\
         Judged is the median over the rounds of the ratio within a round: all that is compared takes\n\
         turns in blocks of milliseconds, so that other work on the machine falls on both sides. The\n\
         least stands beside it as what is left when nothing disturbs; it judges nothing."
    );

    std::fs::write(picture, report::picture(&versions, &[against, crowded]))?;
    println!("The same as a picture: {}", picture.display());
    Ok(())
}

/// Makes sure that the library keeps a list of its own, beside the crate's.
fn look(library: &Library, image: &[u8]) -> Result<(), Box<dyn Error>> {
    let peer = wasmtime_internal_jit_debug::gdb_jit_int::GdbJitImageRegistration::register(
        b"the crate's".to_vec(),
    );
    let before = library.newest();
    let handle = library.register(image, 0);
    let during = library.newest();
    library.unregister(handle);
    drop(peer);
    if before.is_some() || during.as_deref() != Some(image) || library.newest().is_some() {
        return Err("the library's list does not show what was registered".into());
    }
    Ok(())
}

/// From here on handles come from the quarantine.
fn warm_up(library: &Library, image: &[u8]) {
    rounds::progress("warming up");
    for _ in 0..loading::QUARANTINE + 5_000 {
        library.unregister(library.register(image, 0));
    }
}

fn print_loading(loading: &loading::Loading) {
    let [rss0, rss1, rss2] = loading.rss_kib;
    let [anonymous0, anonymous1, anonymous2] = loading.anonymous_kib;
    let [threads0, threads1] = loading.threads;
    println!("Loading, in fresh processes (medians)");
    println!(
        "  dlopen                      {:>6.0} us; an empty C library of the same size {:.0} us, ratio {:.1}",
        loading.dlopen_us,
        loading.empty_us,
        loading.dlopen_us / loading.empty_us
    );
    println!("  first call                  {:>6.0} us", loading.first_call_us);
    println!("  first call in a child       {:>6.0} us", loading.forked_call_us);
    println!("  threads                     {:>+6.0}", threads1 - threads0);
    println!(
        "  memory                      {:>+6.0} KiB resident, {:+.0} KiB of it anonymous",
        rss1 - rss0,
        anonymous1 - anonymous0
    );
    println!(
        "  after {} pairs           {:>+6.0} KiB resident, {:+.0} KiB of it anonymous",
        loading::COLD_PAIRS,
        rss2 - rss0,
        anonymous2 - anonymous0
    );
    println!(
        "  the first {} pairs       {:>6.0} ns each; the crate's {:.0} ns\n",
        loading::COLD_PAIRS,
        loading.cold,
        loading.peer_cold
    );
}
