//! The lowest point of a smooth function: steepest descent, with steps as long as the last change
//! of the slope suggests (Barzilai and Borwein 1988) and shorter ones where that goes too far.

/// Most steps, and most halvings of one.
const STEPS: usize = 400;
const HALVINGS: usize = 60;
/// The share of what the slope promises that a step must come down.
const DOWN: f64 = 1e-4;

/// The point at which a function of `size` numbers is least, starting from zero. It gives its value
/// at a point and writes its slope there. A slope that squared is below `level` counts as none.
pub(crate) fn least(
    size: usize,
    level: f64,
    mut function: impl FnMut(&[f64], &mut [f64]) -> f64,
) -> Vec<f64> {
    let (mut point, mut slope) = (vec![0.0; size], vec![0.0; size]);
    let (mut next, mut next_slope) = (vec![0.0; size], vec![0.0; size]);
    let mut value = function(&point, &mut slope);
    let mut step = 0.1;
    for _ in 0..STEPS {
        let steep: f64 = slope.iter().map(|slope| slope * slope).sum();
        if steep < level {
            break;
        }
        let lower = (0..HALVINGS).find_map(|_| {
            for ((next, at), slope) in next.iter_mut().zip(&point).zip(&slope) {
                *next = at - step * slope;
            }
            let found = function(&next, &mut next_slope);
            let down = found <= value - DOWN * step * steep;
            if !down {
                step /= 2.0;
            }
            down.then_some(found)
        });
        let Some(lower) = lower else { break };
        value = lower;
        // The point has moved by -step times the slope.
        let bend: f64 = slope
            .iter()
            .zip(&next_slope)
            .map(|(slope, next)| slope * (slope - next))
            .sum();
        step = if bend > 0.0 {
            (step * steep / bend).clamp(1e-6, 10.0)
        } else {
            2.0 * step
        };
        std::mem::swap(&mut point, &mut next);
        std::mem::swap(&mut slope, &mut next_slope);
    }
    point
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_point_of_a_long_valley_is_found() {
        let bends = [1.0, 40.0, 300.0];
        let lowest = [3.0, -2.0, 0.5];
        let found = least(3, 1e-9, |point, slope| {
            let mut value = 0.0;
            for at in 0..3 {
                let off = point[at] - lowest[at];
                slope[at] = bends[at] * off;
                value += bends[at] * off * off / 2.0;
            }
            value
        });
        for (found, lowest) in found.iter().zip(lowest) {
            assert!((found - lowest).abs() < 1e-3, "{found} {lowest}");
        }
    }

    #[test]
    fn a_function_that_is_not_smooth_ends_too() {
        let found = least(1, 1e-9, |point, slope| {
            slope[0] = (point[0] - 1.0).signum();
            (point[0] - 1.0).abs()
        });
        assert!((found[0] - 1.0).abs() < 0.2, "{found:?}");
        assert_eq!(least(0, 1e-9, |_, _| 0.0), Vec::<f64>::new());
    }
}
