// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! What a pair costs among a thousand live registrations, and among a million.

use std::time::Duration;

use wasmtime_internal_jit_debug::gdb_jit_int::GdbJitImageRegistration;

use crate::library::{BORROW, Handle, Library, OPAQUE};
use crate::rounds::{Item, Samples, progress, take_turns};

pub const FEW: usize = 1_000;
pub const MANY: usize = 1_000_000;

const TURNS: usize = 4;
const ROUNDS: usize = 20;
const BLOCK: Duration = Duration::from_millis(2);

/// The live ones are small: their number is what counts.
const SMALL: usize = 64;

#[derive(Default)]
pub struct Costs {
    pub pair: Samples,
    pub borrow: Samples,
    pub peer_pair: Samples,
    /// One of the live ones, drawn by lot, goes, and another comes.
    pub replace: Samples,
    pub peer_replace: Samples,
}

struct Crowd<'a> {
    loaded: &'a Library,
    buffer: &'a [u8],
    live: Vec<Handle>,
    peers: Vec<Option<GdbJitImageRegistration>>,
}

impl Crowd<'_> {
    fn small(&self, i: usize) -> &[u8] {
        &self.buffer[i * SMALL..][..SMALL]
    }

    /// Every second one is borrowed.
    fn register(&self, i: usize) -> Handle {
        self.loaded.register(self.small(i), OPAQUE | if i % 2 == 1 { BORROW } else { 0 })
    }

    fn resize(&mut self, count: usize) {
        progress(&format!("{count} live registrations"));
        while self.live.len() > count {
            self.loaded.unregister(self.live.pop().unwrap());
            self.peers.pop();
        }
        for i in self.live.len()..count {
            self.live.push(self.register(i));
            let peer = GdbJitImageRegistration::register(self.small(i).to_vec());
            self.peers.push(Some(peer));
        }
    }

    fn measure(&mut self, image: &[u8], costs: &mut Costs) {
        let (library, buffer) = (self.loaded, self.buffer);
        let (live, peers) = (&mut self.live, &mut self.peers);
        let (mut lots, mut peer_lots) = (Lots(1), Lots(1));
        let small = |i: usize| &buffer[i * SMALL..][..SMALL];
        let measured = take_turns(
            &mut [
                Item::new(1, || library.unregister(library.register(image, 0))),
                Item::new(1, || library.unregister(library.register(image, BORROW))),
                Item::new(1, || drop(GdbJitImageRegistration::register(image.to_vec()))),
                Item::new(1, || {
                    let i = lots.draw(live.len());
                    library.unregister(live[i]);
                    let borrow = if i % 2 == 1 { BORROW } else { 0 };
                    live[i] = library.register(small(i), OPAQUE | borrow);
                }),
                Item::new(1, || {
                    let i = peer_lots.draw(peers.len());
                    peers[i] = None;
                    peers[i] = Some(GdbJitImageRegistration::register(small(i).to_vec()));
                }),
            ],
            ROUNDS,
            BLOCK,
        );
        let into = [
            &mut costs.pair,
            &mut costs.borrow,
            &mut costs.peer_pair,
            &mut costs.replace,
            &mut costs.peer_replace,
        ];
        for (samples, more) in into.into_iter().zip(measured) {
            samples.0.extend(more.0);
        }
    }
}

/// Costs among FEW and among MANY, in turns.
pub fn costs(library: &Library, image: &[u8]) -> [Costs; 2] {
    let buffer = vec![0; MANY * SMALL];
    let mut crowd = Crowd { loaded: library, buffer: &buffer, live: Vec::new(), peers: Vec::new() };
    let mut costs = <[Costs; 2]>::default();
    for _ in 0..TURNS {
        for (count, costs) in [FEW, MANY].into_iter().zip(&mut costs) {
            crowd.resize(count);
            crowd.measure(image, costs);
        }
    }
    crowd.resize(0);
    costs
}

/// A linear congruential generator; the high bits are the good ones.
struct Lots(u64);

impl Lots {
    fn draw(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % below
    }
}
