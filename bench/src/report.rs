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
        let mut text = format!("{:<40}", self.title);
        let compared = self.rows.iter().any(|row| row.ratio.is_some());
        let columns = if compared {
            let _ = write!(text, "{ours:>15} {peer:>15}         ratio");
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

/// The judged ratios as bars, the limits as marks across them.
pub fn picture(title: &str, tables: &[Table]) -> String {
    const LEFT: f64 = 330.0;
    const UNIT: f64 = 75.0;
    const MOST: f64 = 6.0;
    const STEP: f64 = 24.0;

    let mut body = String::new();
    let mut y = 64.0;
    for table in tables {
        let rows: Vec<_> = table.rows.iter().filter(|row| row.ratio.is_some()).collect();
        if rows.is_empty() {
            continue;
        }
        let _ = writeln!(body, r#"<text x="16" y="{y}" class="head">{}</text>"#, table.title);
        y += STEP;
        for row in rows {
            let (ratio, _) = row.ratio.unwrap();
            let width = ratio.min(MOST) * UNIT;
            let class = match row.limit {
                None => "free",
                Some(_) if row.over() => "over",
                Some(_) => "ok",
            };
            let top = y - 13.0;
            let _ = writeln!(
                body,
                r#"<text x="{}" y="{y}" text-anchor="end">{}</text><rect x="{LEFT}" y="{top}" width="{width:.1}" height="17" class="{class}"/>"#,
                LEFT - 8.0,
                row.what,
            );
            let mut end = LEFT + width;
            if let Some(limit) = row.limit {
                let x = LEFT + limit * UNIT;
                let _ = writeln!(
                    body,
                    r#"<line x1="{x}" x2="{x}" y1="{}" y2="{}" class="limit"/>"#,
                    top - 3.0,
                    top + 20.0,
                );
                // The figure stands beside the mark, not under it.
                if x >= end && x < end + 44.0 {
                    end = x;
                }
            }
            let _ = writeln!(body, r#"<text x="{}" y="{y}">{ratio:.2}</text>"#, end + 6.0);
            y += STEP;
        }
        y += STEP / 2.0;
    }
    let width = LEFT + MOST * UNIT + 60.0;
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y}" width="{width}" height="{y}">
<style>
text {{ font: 13px sans-serif; fill: #222 }}
.title {{ font-size: 16px; font-weight: bold }} .head {{ font-weight: bold }}
.ok {{ fill: #3a8f5c }} .over {{ fill: #c4472f }} .free {{ fill: #8a94a6 }}
.limit {{ stroke: #222; stroke-width: 2 }}
</style>
<rect width="100%" height="100%" fill="#fff"/>
<text x="16" y="28" class="title">{title}</text>
<text x="16" y="46">Ratios; shorter is faster. A black mark is a limit; grey bars have none.</text>
{body}</svg>
"##
    )
}
