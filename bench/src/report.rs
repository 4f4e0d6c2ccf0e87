// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! What was measured, as a table and as a picture.

use std::fmt::Write;

use crate::rounds::Samples;

/// A line of the table. Where there is a peer there is a ratio.
pub struct Row {
    pub what: String,
    pub ours: (f64, f64),
    pub peer: Option<(f64, f64)>,
    pub ratio: Option<(f64, f64)>,
    pub limit: Option<f64>,
}

impl Row {
    pub fn against(what: &str, ours: &Samples, peer: &Samples, limit: Option<f64>) -> Self {
        Self {
            what: what.into(),
            ours: (ours.median(), ours.least()),
            peer: Some((peer.median(), peer.least())),
            ratio: Some(ours.ratio(peer)),
            limit,
        }
    }

    pub fn alone(what: &str, samples: &Samples) -> Self {
        Self {
            what: what.into(),
            ours: (samples.median(), samples.least()),
            peer: None,
            ratio: None,
            limit: None,
        }
    }

    /// The judged ratio is over the limit.
    fn over(&self) -> bool {
        matches!((self.ratio, self.limit), (Some((ratio, _)), Some(limit)) if ratio > limit)
    }
}

/// Rows that have their columns in common.
pub struct Table {
    pub title: String,
    pub columns: [&'static str; 2],
    pub rows: Vec<Row>,
}

impl Table {
    pub fn text(&self) -> String {
        let [ours, peer] = self.columns;
        let mut text = self.title.clone();
        let compared = self.rows.iter().any(|row| row.ratio.is_some());
        let columns = if compared {
            let _ = write!(text, "{ours:>0$} {peer:>15}         ratio", 55 - self.title.len(),);
            "median   least  median   least   judged  least  limit"
        } else {
            "median   least"
        };
        let _ = write!(text, "\n{:<41}{columns}\n", "");
        for row in &self.rows {
            let _ = write!(text, "  {:<38}{}", row.what, two(row.ours));
            if let (Some(peer), Some((judged, least))) = (row.peer, row.ratio) {
                let _ = write!(text, " {}{judged:>9.2}{least:>7.2}", two(peer));
            }
            if let Some(limit) = row.limit {
                let verdict = if row.over() { "over" } else { "ok" };
                let _ = write!(text, "{limit:>7.2} {verdict}");
            }
            text.push('\n');
        }
        text
    }
}

fn two((median, least): (f64, f64)) -> String {
    format!("{median:>7.0} {least:>7.0}")
}

/// The judged ratios as bars on a logarithmic scale, from 1 to the left where
/// the first is faster, to the right where it is slower.
pub fn picture(title: &str, tables: &[Table]) -> String {
    const LEFT: f64 = 280.0;
    const DOUBLING: f64 = 56.0;
    const RANGE: (f64, f64) = (0.25, 64.0);
    const STEP: f64 = 24.0;
    const TOP: f64 = 84.0;

    let x = |ratio: f64| LEFT + (ratio.clamp(RANGE.0, RANGE.1) / RANGE.0).log2() * DOUBLING;
    let one = x(1.0);
    let right = x(RANGE.1);

    let mut bars = String::new();
    let mut y = TOP;
    for table in tables {
        let [ours, peer] = table.columns;
        y += STEP;
        let _ = writeln!(
            bars,
            r#"<text x="16" y="{y}" class="head">{}: {ours} to {peer}</text>"#,
            table.title,
        );
        for row in &table.rows {
            let Some((ratio, _)) = row.ratio else { continue };
            y += STEP;
            let (start, end) = (one.min(x(ratio)), one.max(x(ratio)));
            let class = match row.limit {
                None => "free",
                Some(_) if row.over() => "over",
                Some(_) => "ok",
            };
            let _ = writeln!(
                bars,
                r#"<text x="{}" y="{y}" class="end">{}</text><rect x="{start:.1}" y="{}" width="{:.1}" height="17" class="{class}"/><text x="{}" y="{y}" class="end">{ratio:.2}</text>"#,
                LEFT - 8.0,
                row.what,
                y - 13.0,
                end - start,
                right + 44.0,
            );
            if let Some(limit) = row.limit {
                let _ = writeln!(
                    bars,
                    r#"<path d="M{:.1} {}v23" class="limit"/><text x="{}" y="{y}">limit {limit}</text>"#,
                    x(limit),
                    y - 16.0,
                    right + 56.0,
                );
            }
        }
        y += STEP / 2.0;
    }

    let mut scale = String::new();
    for ratio in [0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0] {
        let at = x(ratio);
        let _ = writeln!(
            scale,
            r#"<path d="M{at:.1} {TOP}V{y}" class="grid"/><text x="{at:.1}" y="{}" text-anchor="middle">{ratio}</text>"#,
            TOP - 6.0,
        );
    }
    let width = right + 130.0;
    let height = y + 12.0;
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">
<style>
text {{ font: 13px sans-serif; fill: #222 }}
.title {{ font-size: 16px; font-weight: bold }} .head {{ font-weight: bold }}
.end {{ text-anchor: end }}
.ok {{ fill: #3a8f5c }} .over {{ fill: #c4472f }} .free {{ fill: #8a94a6 }}
.limit {{ stroke: #222; stroke-width: 2 }} .grid {{ stroke: #ddd }}
</style>
<rect width="100%" height="100%" fill="#fff"/>
<text x="16" y="28" class="title">{title}</text>
<text x="16" y="48">Ratios of times, less is better. Black marks are limits: green keeps to one, red does not, grey has none.</text>
{scale}{bars}</svg>
"##
    )
}
