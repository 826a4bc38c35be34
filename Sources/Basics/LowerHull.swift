/// The lower convex hull of points that are sorted by rising abscissa, as positions in that order: Andrew's monotone
/// chain (1979, 10.1016/0020-0190(79)90072-3) in O(count).
///
/// - Parameter isBelowChord: whether the middle one of three points, given by position in rising order, lies strictly
///   below the chord between the other two. The caller chooses the arithmetic, so that integer hulls are exact.
@inlinable
public func lowerHull(count: Int, isBelowChord: (_ left: Int, _ middle: Int, _ right: Int) -> Bool) -> [Int] {
  var hull: [Int] = []
  for point in 0..<count {
    while hull.count >= 2, !isBelowChord(hull[hull.count - 2], hull[hull.count - 1], point) { hull.removeLast() }
    hull.append(point)
  }
  return hull
}

/// The same for points given by coordinates in floating point; abscissas rise strictly.
@inlinable
public func lowerHull(x: [Double], y: [Double]) -> [Int] {
  lowerHull(count: x.count) { a, b, c in
    (y[b] - y[a]) * (x[c] - x[a]) - (y[c] - y[a]) * (x[b] - x[a]) < 0
  }
}
