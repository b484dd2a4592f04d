//! Whether a service needs authorization (COV-01…04): one look-up in content's table where everything is told, else every row that the
//! question may mean, and what decides between them. Pure, and nothing here knows any service.

use crate::domain::content::{CoverageDimension, CoverageInput, CoverageRow, CoverageTable, CoverageValue, Told};
use std::sync::Arc;

/// What a question tells; an input that it leaves out may be anything.
#[derive(Debug, Clone, Default)]
pub struct CoverageQuestion<'a> {
    told: Vec<(CoverageInput, Vec<Told<'a>>)>,
}

impl<'a> CoverageQuestion<'a> {
    /// Adds what is told of an input; several values where a word can mean several.
    pub fn tell(&mut self, input: CoverageInput, values: Vec<Told<'a>>) {
        self.told.push((input, values));
    }

    fn of(&self, input: CoverageInput) -> Option<&[Told<'a>]> {
        self.told.iter().find(|(known, _)| *known == input).map(|(_, values)| values.as_slice())
    }
}

/// A row that applies under conditions.
#[derive(Debug, Clone)]
pub struct CoverageBranch {
    /// The inputs that decide, with the values under which this row answers; empty where it answers whatever no other branch does.
    pub when: Vec<(CoverageInput, Vec<CoverageValue>)>,
    /// The answer.
    pub row: Arc<CoverageRow>,
}

/// The answer to a question.
#[derive(Debug, Clone)]
pub struct CoverageAnswer {
    /// The rows that the question means, inputs with a usual value taken at it. One where it tells enough; none where it contradicts itself.
    pub rows: Vec<Arc<CoverageRow>>,
    /// Inputs that were left out and taken at their usual value, where the answer would turn on them.
    pub assumed: Vec<CoverageInput>,
    /// Inputs that decide between the branches, and that the question leaves out.
    pub decided_by: Vec<CoverageInput>,
    /// Every answer that the inputs left out can lead to; empty where they lead to one.
    pub branches: Vec<CoverageBranch>,
}

/// Cells with the value that each dimension has there.
struct Cell {
    values: Vec<usize>,
    row: u16,
}

/// Answers a question.
pub fn answer(table: &CoverageTable, question: &CoverageQuestion<'_>) -> CoverageAnswer {
    let open: Vec<Vec<usize>> = table.dimensions.iter().map(|dimension| told_of(dimension, question)).collect();
    let usual: Vec<Vec<usize>> =
        table.dimensions.iter().zip(&open).map(|(dimension, values)| at_usual(dimension, values, question)).collect();
    let cells = cells(table, &open);
    let rows = rows_of(table, cells.iter().filter(|cell| cell.values.iter().zip(&usual).all(|(value, all)| all.contains(value))));
    if cells.iter().all(|cell| Some(cell.row) == cells.first().map(|first| first.row)) {
        return CoverageAnswer { rows, assumed: Vec::new(), decided_by: Vec::new(), branches: Vec::new() };
    }
    let deciding = deciding(table, &cells);
    let input_of = |index: &usize| table.dimensions.get(*index).map(|dimension| dimension.input);
    let is_assumed = |input: &CoverageInput| input.usual().is_some() && !is_open(*input, question);
    let assumed = deciding.iter().filter_map(input_of).filter(is_assumed).collect();
    let branches = branches(table, &cells.iter().collect::<Vec<_>>(), &deciding);
    CoverageAnswer { rows, assumed, decided_by: deciding.iter().filter_map(input_of).collect(), branches }
}

/// Indexes of the values that a question leaves open.
fn told_of(dimension: &CoverageDimension, question: &CoverageQuestion<'_>) -> Vec<usize> {
    let told = question.of(dimension.input);
    let open = |value: &CoverageValue| told.is_none_or(|told| told.iter().any(|told| value.holds(*told)));
    dimension.values.iter().enumerate().filter(|(_, value)| open(value)).map(|(index, _)| index).collect()
}

fn at_usual(dimension: &CoverageDimension, open: &[usize], question: &CoverageQuestion<'_>) -> Vec<usize> {
    let usual = dimension.input.usual();
    let usual = usual.filter(|_| question.of(dimension.input).is_none() && !is_open(dimension.input, question));
    let is_usual = |index: &usize| dimension.values.get(*index).is_some_and(|value| usual.is_none_or(|usual| value.holds(usual)));
    open.iter().copied().filter(is_usual).collect()
}

/// True for the request where a visit beyond the first is told: whether it is one of those that a first request is for is not known.
fn is_open(input: CoverageInput, question: &CoverageQuestion<'_>) -> bool {
    let visits = question.of(CoverageInput::VisitNumber).unwrap_or_default();
    input == CoverageInput::Request && visits.iter().any(|told| matches!(told, Told::Number(visit) if *visit > 1))
}

/// Every combination of the values left open that can be.
fn cells(table: &CoverageTable, open: &[Vec<usize>]) -> Vec<Cell> {
    let mut reached: Vec<(usize, Vec<usize>)> = vec![(0, Vec::new())];
    for (dimension, values) in table.dimensions.iter().zip(open) {
        let size = dimension.values.len();
        let step = |(at, before): &(usize, Vec<usize>)| {
            let (at, before) = (*at, before.clone());
            values.iter().map(move |value| (at * size + value, [before.as_slice(), &[*value]].concat())).collect::<Vec<_>>()
        };
        reached = reached.iter().flat_map(step).collect();
    }
    let cell = |(at, values): (usize, Vec<usize>)| {
        let row = table.cells.get(at).copied().flatten()?;
        Some(Cell { values, row })
    };
    reached.into_iter().filter_map(cell).collect()
}

fn rows_of<'c>(table: &CoverageTable, cells: impl Iterator<Item = &'c Cell>) -> Vec<Arc<CoverageRow>> {
    let mut found: Vec<u16> = Vec::new();
    for cell in cells {
        if !found.contains(&cell.row) {
            found.push(cell.row);
        }
    }
    found.iter().filter_map(|row| table.rows.get(usize::from(*row)).cloned()).collect()
}

/// Dimensions in which two cells with different rows differ and in nothing else.
fn deciding(table: &CoverageTable, cells: &[Cell]) -> Vec<usize> {
    let decides = |dimension: &usize| {
        cells.iter().any(|one| {
            cells.iter().any(|other| {
                let differs = |(index, (a, b)): (usize, (&usize, &usize))| (index == *dimension) == (a != b);
                one.row != other.row && one.values.iter().zip(&other.values).enumerate().all(differs)
            })
        })
    };
    let mut alone: Vec<usize> = (0..table.dimensions.len()).filter(decides).collect();
    if !alone.is_empty() {
        while let Some(also) = undecided(cells, &alone) {
            alone.push(also);
            alone.sort_unstable();
        }
        return alone;
    }
    // values that go together, such as a line of business and its products: whatever differs
    let differs = |dimension: &usize| {
        let mut values = cells.iter().map(|cell| cell.values.get(*dimension));
        values.next().is_some_and(|first| values.any(|other| other != first))
    };
    (0..table.dimensions.len()).filter(differs).collect()
}

/// A further dimension in which two cells with different rows differ, though they agree in all of these: without it two branches would say
/// the same condition and answer differently.
fn undecided(cells: &[Cell], deciding: &[usize]) -> Option<usize> {
    let agree = |one: &Cell, other: &Cell| deciding.iter().all(|index| one.values.get(*index) == other.values.get(*index));
    cells.iter().enumerate().find_map(|(place, one)| {
        let other = cells.iter().skip(place + 1).find(|other| one.row != other.row && agree(one, other))?;
        one.values.iter().zip(&other.values).position(|(a, b)| a != b)
    })
}

/// The cells of each row by the values of the deciding dimensions, so that each branch says exactly when it applies.
fn branches(table: &CoverageTable, cells: &[&Cell], deciding: &[usize]) -> Vec<CoverageBranch> {
    let mut found: Vec<(u16, Vec<Vec<usize>>)> = Vec::new();
    for cell in cells {
        let point: Vec<usize> = deciding.iter().filter_map(|dimension| cell.values.get(*dimension).copied()).collect();
        match found.iter_mut().find(|(row, _)| *row == cell.row) {
            Some((_, points)) if points.contains(&point) => {}
            Some((_, points)) => points.push(point),
            None => found.push((cell.row, vec![point])),
        }
    }
    let found: Vec<(u16, Vec<Vec<Vec<usize>>>)> = found.into_iter().map(|(row, points)| (row, boxes(points))).collect();
    // what takes many conditions to say is said last, as all the rest
    let rest = found.iter().filter(|(_, boxes)| boxes.len() > 2).max_by_key(|(_, boxes)| boxes.len()).map(|(row, _)| *row);
    let branch = |row: u16, when| Some(CoverageBranch { when, row: table.rows.get(usize::from(row)).cloned()? });
    let said =
        found.iter().filter(|(row, _)| Some(*row) != rest).flat_map(|(row, boxes)| boxes.iter().map(|values| (*row, values)));
    let conditions = |values: &[Vec<usize>]| {
        let condition = |(dimension, values): (&usize, &Vec<usize>)| {
            let dimension = table.dimensions.get(*dimension)?;
            let named = values.iter().filter_map(|value| dimension.values.get(*value).cloned()).collect();
            (values.len() < dimension.values.len()).then_some((dimension.input, named))
        };
        deciding.iter().zip(values).filter_map(condition).collect()
    };
    let mut branches: Vec<CoverageBranch> = said.filter_map(|(row, values)| branch(row, conditions(values))).collect();
    branches.extend(rest.and_then(|row| branch(row, Vec::new())));
    branches
}

/// Points put together to as few products of values as a simple merge finds: `{1, 2} x {a}` for `1a` and `2a`.
fn boxes(points: Vec<Vec<usize>>) -> Vec<Vec<Vec<usize>>> {
    let mut boxes: Vec<Vec<Vec<usize>>> =
        points.into_iter().map(|point| point.into_iter().map(|value| vec![value]).collect()).collect();
    while let Some((keep, drop, merged)) = mergeable(&boxes) {
        boxes.remove(drop);
        if let Some(kept) = boxes.get_mut(keep) {
            *kept = merged;
        }
    }
    boxes
}

/// Two boxes that differ in one dimension only, and what they are together; the later one of the two is to go.
fn mergeable(boxes: &[Vec<Vec<usize>>]) -> Option<(usize, usize, Vec<Vec<usize>>)> {
    for (keep, one) in boxes.iter().enumerate() {
        for (drop, other) in boxes.iter().enumerate().skip(keep + 1) {
            let differing = one.iter().zip(other).filter(|(a, b)| a != b).count();
            if differing == 1 {
                let merge = |(a, b): (&Vec<usize>, &Vec<usize>)| {
                    let mut both = if a == b { a.clone() } else { [a.as_slice(), b].concat() };
                    both.sort_unstable();
                    both
                };
                return Some((keep, drop, one.iter().zip(other).map(merge).collect()));
            }
        }
    }
    None
}
