#![no_std]

pub struct Pair<T> {
    pub left: T,
    pub right: Option<T>,
}

#[no_mangle]
pub fn jit_sum(pairs: &[Pair<u32>]) -> u32 {
    let mut total = 0u32;
    for p in pairs {
        total = total.wrapping_add(p.left);
        if let Some(r) = p.right {
            total = total.wrapping_add(r);
        }
    }
    total
}
